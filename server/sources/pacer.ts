import { channel } from 'node:diagnostics_channel'
import { type Clock, toMicroseconds } from '../clock.ts'
import { PUBLISH_CHANNEL, type PublishMessage } from '../protocol.ts'

const publishes = channel(PUBLISH_CHANNEL)

/** Due publishes that are made up for in one turn of the event loop, before everybody else gets theirs. */
const CATCH_UP = 1000

/**
 * Publishes on an absolute schedule: each instant is the one before plus an interval, whatever the timers do, and
 * `publish` is given the instant that was meant. A late timer is charged to the source, and told on `PUBLISH_CHANNEL`;
 * one that fires early is armed again. Returns what ends it.
 */
export function pace(clock: Clock, intervalMs: () => number, publish: (at: number) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let immediate: NodeJS.Immediate | null = null
  // Summed up from zero, so that the same intervals make the same instants whenever they begin.
  const startAt = clock.epochMs()
  let elapsedMs = intervalMs()
  let dueAt = toMicroseconds(startAt + toMicroseconds(elapsedMs))
  arm()

  return () => {
    if (timer !== null) clearTimeout(timer)
    if (immediate !== null) clearImmediate(immediate)
  }

  function arm(): void {
    timer = setTimeout(run, Math.min(Math.max(0, dueAt - clock.epochMs()), TIMER_MAX_MS))
  }

  function run(): void {
    immediate = null
    for (let count = 0; dueAt <= clock.epochMs(); count += 1) {
      if (count === CATCH_UP) {
        immediate = setImmediate(run)
        return
      }
      if (publishes.hasSubscribers) {
        publishes.publish({ slipMs: clock.epochMs() - dueAt } satisfies PublishMessage)
      }
      publish(dueAt)
      elapsedMs += intervalMs()
      dueAt = toMicroseconds(startAt + toMicroseconds(elapsedMs))
    }
    arm()
  }
}

/** Node fires a timer that is set further ahead at once. */
const TIMER_MAX_MS = 2 ** 31 - 1
