import type { Clock } from '../clock.ts'

/** Due publishes that are made up for in one turn of the event loop, before everybody else gets theirs. */
const CATCH_UP = 1000

/**
 * Publishes on an absolute schedule: each instant is the one before plus an interval, whatever the timers do, and
 * `publish` is given the instant that was meant. A late timer is charged to the source; one that fires early is armed
 * again. Returns what ends it.
 */
export function pace(clock: Clock, intervalMs: () => number, publish: (at: number) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let immediate: NodeJS.Immediate | null = null
  let dueAt = roundUp(clock.epochMs() + intervalMs())
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
      publish(dueAt)
      dueAt = roundUp(dueAt + intervalMs())
    }
    arm()
  }
}

/** Node fires a timer that is set further ahead at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** To whole microseconds, as an event's `at` has them; up, so that it never lies before the instant that was meant. */
function roundUp(ms: number): number {
  return Math.ceil(ms * 1000) / 1000
}
