import type { Environment } from './environment.ts'

/** A check that comes this late: the process stood still, or its timers were held back, and messages wait unread. */
const LATE_MS = 1_000
/** How long messages that wait unread are given to be read before the link is judged. */
const GRANT_MS = 1_000

/** Notices that nothing has arrived for too long: the only sign of a link that died without a word. */
export interface Watchdog {
  /**
   * Milliseconds since something arrived or the watchdog was started. By the wall clock if that says more: the
   * monotonic clock stands still while the device sleeps.
   */
  readonly silentMs: number
  /** Watches from now on, and calls back once if nothing arrives for `limitMs`. */
  start(limitMs: number): void
  /** Something arrived. */
  reset(): void
  /** Nothing is expected to arrive now. */
  stop(): void
}

export function createWatchdog(
  { monotonicMs, wallMs, setTimeout, clearTimeout }: Environment,
  onSilence: () => void,
): Watchdog {
  let resetAtMs = monotonicMs()
  let resetAtWallMs = wallMs()
  let limitMs = 0
  let dueMs = 0
  let timer: unknown = null

  return {
    get silentMs() {
      return Math.max(monotonicMs() - resetAtMs, wallMs() - resetAtWallMs)
    },
    start,
    reset,
    stop,
  }

  function start(forMs: number): void {
    limitMs = forMs
    reset()
    arm(limitMs)
  }

  function reset(): void {
    resetAtMs = monotonicMs()
    resetAtWallMs = wallMs()
  }

  function stop(): void {
    clearTimeout(timer)
  }

  function arm(ms: number): void {
    clearTimeout(timer)
    dueMs = monotonicMs() + ms
    timer = setTimeout(check, ms)
  }

  /** One timer that checks how long the silence really is, instead of a new one for each message. */
  function check(): void {
    const nowMs = monotonicMs()
    const leftMs = limitMs - (nowMs - resetAtMs)
    if (leftMs > 0) arm(leftMs)
    else if (nowMs - dueMs > LATE_MS) arm(GRANT_MS)
    else onSilence()
  }
}
