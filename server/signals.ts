/**
 * SIGHUP: the terminal was closed. On Windows Ctrl-C is SIGINT, Ctrl-Break is SIGBREAK, and SIGHUP is the console window's
 * close button, after which Windows ends the process in about 10 s whatever it does; there is no SIGTERM to receive there:
 * a kill ends the process at once (https://nodejs.org/api/process.html#signal-events).
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const

/** One Ctrl-C can arrive twice within so long: from the terminal, and from npm, which forwards it. */
const FORWARDED_WITHIN_MS = 1000

export interface SignalOptions {
  /** Whether npm runs this process: npm forwards SIGINT and SIGTERM, and the terminal signals the whole group as well. */
  readonly underNpm: boolean
  /** Called on the first signal. */
  readonly end: () => void
  /** Called on a later one, whose sender does not want to wait. */
  readonly endAtOnce: () => void
}

/** Listens for the signals that ask a process to end. */
export function onSignal({ underNpm, end, endAtOnce }: SignalOptions): void {
  let firstAtMs: number | null = null
  const listen = () => {
    if (firstAtMs === null) {
      firstAtMs = performance.now()
      end()
    } else if (!underNpm || performance.now() - firstAtMs > FORWARDED_WITHIN_MS) endAtOnce()
  }
  for (const signal of SIGNALS) process.on(signal, listen)
}
