import type { Environment } from '../../reader/environment.ts'

/** The page's own clock: epoch milliseconds with a fraction, as far as this machine knows. */
export function pageNow(): number {
  return performance.timeOrigin + performance.now()
}

/**
 * The browser as a reader needs it. The functions are wrapped because a browser's `fetch` and timers throw
 * "Illegal invocation" when they are called as methods of another object.
 *
 * @param offsetMs what to add to the page's clock to get the server's; read each time, since it is measured again
 */
export function browserEnvironment(offsetMs: () => number): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    EventSource,
    WebSocket,
    now: () => pageNow() + offsetMs(),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: timer => {
      if (typeof timer === 'number') clearTimeout(timer)
    },
    random: () => Math.random(),
  }
}
