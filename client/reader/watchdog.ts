import type { Environment } from './environment.ts'

/** A look so late was late because the process stood still, or its timers were held back: what came waits in buffers. */
const LATE_MS = 1_000
/** So long is what waits given to be heard before the silence is judged. */
const GRANT_MS = 1_000

/** Watches for a silence that has lasted too long: the only way to notice a link that died without a word. */
export interface Watchdog {
  /**
   * Since something was heard, or since listening began: by the wall clock if that says more, because the monotonic
   * clock stands still while the device sleeps.
   */
  readonly ms: number
  /** Listens from now on, and calls back once if nothing is heard for `limitMs`. */
  listen(limitMs: number): void
  heard(): void
  /** Nothing is expected now. */
  rest(): void
}

export function createWatchdog(
  { monotonicMs, wallMs, setTimeout, clearTimeout }: Environment,
  onTooLong: () => void,
): Watchdog {
  let heardMs = monotonicMs()
  let heardWallMs = wallMs()
  let limitMs = 0
  let dueMs = 0
  let timer: unknown = null

  return {
    get ms() {
      return Math.max(monotonicMs() - heardMs, wallMs() - heardWallMs)
    },
    listen,
    heard,
    rest,
  }

  function listen(forMs: number): void {
    limitMs = forMs
    heard()
    arm(limitMs)
  }

  function heard(): void {
    heardMs = monotonicMs()
    heardWallMs = wallMs()
  }

  function rest(): void {
    clearTimeout(timer)
  }

  function arm(ms: number): void {
    clearTimeout(timer)
    dueMs = monotonicMs() + ms
    timer = setTimeout(look, ms)
  }

  /** One timer that looks how long the silence really is, instead of a new one for each message. */
  function look(): void {
    const nowMs = monotonicMs()
    const leftMs = limitMs - (nowMs - heardMs)
    if (leftMs > 0) arm(leftMs)
    else if (nowMs - dueMs > LATE_MS) arm(GRANT_MS)
    else onTooLong()
  }
}
