import type { Environment } from './environment.ts'

/** How often the clocks are compared, and by how much a look may be late, or the wall clock ahead, for no reason. */
const LOOK_MS = 5_000
const TOLERATED_MS = 5_000
/** What waits in the buffers after a sleep is heard first: so long is it given before the link is judged. */
const GRANT_MS = 1_000

/**
 * Notices that the device slept or that the process stood still, and calls back a second later. On most systems the
 * monotonic clock (and every timer with it) stands still during sleep while the wall clock goes on; on others the look
 * comes late. A wall clock that was set forward cannot be told from a sleep; one that was set back is no matter.
 * `timersStood` is whether the delays that were under way are longer now by the sleep. Returns what stops it.
 */
export function watchSleep(environment: Environment, onAwake: (timersStood: boolean) => void): () => void {
  const { clearTimeout, monotonicMs, setTimeout, wallMs } = environment
  let timer: unknown = null
  rest()
  return () => clearTimeout(timer)

  function rest(): void {
    const wallAtMs = wallMs()
    const monotonicAtMs = monotonicMs()
    timer = setTimeout(() => {
      const passedMs = monotonicMs() - monotonicAtMs
      const timersStood = wallMs() - wallAtMs - passedMs > TOLERATED_MS
      if (timersStood || passedMs > LOOK_MS + TOLERATED_MS) {
        timer = setTimeout(() => awake(timersStood), GRANT_MS)
      } else rest()
    }, LOOK_MS)
  }

  function awake(timersStood: boolean): void {
    rest()
    onAwake(timersStood)
  }
}
