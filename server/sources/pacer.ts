import { channel } from 'node:diagnostics_channel'
import { type Clock, toMicroseconds } from '../clock.ts'
import { PUBLISH_CHANNEL, type PublishMessage } from '../protocol/api.ts'
import { TIMER_MAX_MS } from '../timer-max.ts'

const publishes = channel(PUBLISH_CHANNEL)

/** Due publishes that are made up for in one turn of the event loop, before everybody else gets theirs. */
const CATCH_UP = 1000
/** `at` follows the clock when it was set anew, and not each rounding of it. */
const SET_ANEW_MS = 500

/**
 * Publishes on an absolute schedule of the monotonic clock: each instant is the one before plus an interval, whatever the
 * timers and the wall clock do. `publish` is given the instant that was meant, in epoch milliseconds as the clock has
 * them now. A late timer is charged to the source, and told on `PUBLISH_CHANNEL`; one that fires early is armed again.
 * Returns what ends it.
 */
export function pace(clock: Clock, intervalMs: () => number, publish: (at: number) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let immediate: NodeJS.Immediate | null = null
  let startAt = clock.epochMs()
  const startMs = clock.monotonicMs()
  // Summed up from zero, so that the same intervals make the same instants whenever they begin.
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

  /** The next instant as the clock has it now: when the clock was set anew, what is left to wait is not. */
  function dueAt(): number {
    const movedMs = clock.epochMs() - startAt - (clock.monotonicMs() - startMs)
    if (Math.abs(movedMs) > SET_ANEW_MS) startAt = toMicroseconds(startAt + movedMs)
    return toMicroseconds(startAt + toMicroseconds(elapsedMs))
  }
}
