import { channel } from 'node:diagnostics_channel'
import { type Clock, TIMER_MAX_MS, toMicroseconds } from '../clock.ts'
import { PUBLISH_CHANNEL, type PublishMessage } from '../protocol/api.ts'

const publishes = channel(PUBLISH_CHANNEL)

/** The most overdue events that are published in one turn of the event loop, so that other work gets its turn. */
const CATCH_UP = 1000
/** `at` follows the clock when it was set, and not every rounding of it. */
const CLOCK_SET_MS = 500

/**
 * Publishes on an absolute schedule of the monotonic clock: each instant is the one before plus an interval, whatever the
 * timers and the wall clock do. `publish` gets the intended instant, in epoch milliseconds as the clock now has them. The
 * lateness of a timer counts against the source and is sent to `PUBLISH_CHANNEL`; a timer that fires early is set again.
 * Returns a function that stops it.
 */
export function pace(clock: Clock, intervalMs: () => number, publish: (at: number) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let immediate: NodeJS.Immediate | null = null
  let startAt = clock.epochMs()
  const startMs = clock.monotonicMs()
  // A sum from zero, so that the same intervals give the same instants whenever they start.
  let elapsedMs = intervalMs()
  arm()

  return () => {
    if (timer !== null) clearTimeout(timer)
    if (immediate !== null) clearImmediate(immediate)
  }

  function arm(): void {
    timer = setTimeout(run, Math.min(Math.max(0, dueAt() - clock.epochMs()), TIMER_MAX_MS))
  }

  function run(): void {
    immediate = null
    for (let count = 0; ; count += 1) {
      const at = dueAt()
      const scheduleLagMs = clock.epochMs() - at
      if (scheduleLagMs < 0) break
      if (count === CATCH_UP) {
        immediate = setImmediate(run)
        return
      }
      if (publishes.hasSubscribers) publishes.publish({ scheduleLagMs } satisfies PublishMessage)
      publish(at)
      elapsedMs += intervalMs()
    }
    arm()
  }

  /** The next instant as the clock now has it. When the clock is set, the time that is left to wait stays the same. */
  function dueAt(): number {
    const movedMs = clock.epochMs() - startAt - (clock.monotonicMs() - startMs)
    if (Math.abs(movedMs) > CLOCK_SET_MS) startAt = toMicroseconds(startAt + movedMs)
    return toMicroseconds(startAt + toMicroseconds(elapsedMs))
  }
}
