import type { Environment } from './environment.ts'

/** How often the clocks are compared. */
const CHECK_MS = 5_000
/** How late a check may be, or how far the wall clock ahead, for no reason. */
const TOLERATED_MS = 5_000
/** How long messages that wait unread after a sleep are given to be read before the link is judged. */
const GRANT_MS = 1_000

/**
 * Notices that the device slept or that the process stood still, and calls back a second later. On most systems the
 * monotonic clock, and every timer with it, stands still during sleep while the wall clock goes on; on others the check
 * comes late. A wall clock that is set forward looks like a sleep; one that is set back changes nothing. `timersStood`
 * is whether the delays that were under way are longer now by the sleep. Returns what stops it.
 */
export function watchSleep(environment: Environment, onAwake: (timersStood: boolean) => void): () => void {
  const { clearTimeout, monotonicMs, setTimeout, wallMs } = environment
  let timer: unknown = null
  scheduleCheck()
  return () => clearTimeout(timer)

  function scheduleCheck(): void {
    const wallAtMs = wallMs()
    const monotonicAtMs = monotonicMs()
    timer = setTimeout(() => {
      const passedMs = monotonicMs() - monotonicAtMs
      const timersStood = wallMs() - wallAtMs - passedMs > TOLERATED_MS
      if (timersStood || passedMs > CHECK_MS + TOLERATED_MS) {
        timer = setTimeout(() => awake(timersStood), GRANT_MS)
      } else scheduleCheck()
    }, CHECK_MS)
  }

  function awake(timersStood: boolean): void {
    scheduleCheck()
    onAwake(timersStood)
  }
}
