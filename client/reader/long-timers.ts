import type { Environment } from './environment.ts'

/** Browsers and Node keep a delay as a signed 32-bit number, and fire at once if it is longer: 24.8 days. */
const TIMER_MAX_MS = 2 ** 31 - 1

interface Armed {
  timer: unknown
}

/** The same environment, with a `setTimeout` that also waits for longer than the platform can. */
export function withLongTimers(environment: Environment): Environment {
  return {
    ...environment,
    setTimeout(run, ms) {
      const armed: Armed = { timer: null }
      arm(armed, run, ms)
      return armed
    },
    clearTimeout(armed) {
      if (armed !== null) environment.clearTimeout((armed as Armed).timer)
    },
  }

  function arm(armed: Armed, run: () => void, ms: number): void {
    const laterMs = ms - TIMER_MAX_MS
    armed.timer =
      laterMs > 0
        ? environment.setTimeout(() => arm(armed, run, laterMs), TIMER_MAX_MS)
        : environment.setTimeout(run, ms)
  }
}
