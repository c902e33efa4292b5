/**
 * Calls `look` every `everyMs`, until the returned function is called. A look that comes more than a second late was
 * late because the process itself stood still (stopped, asleep, a blocked event loop), and so did its sockets: `late`
 * says so, that nobody is cut for the server's own absence before they have had one more turn.
 */
export function checkEvery(
  everyMs: number,
  monotonicMs: () => number,
  look: (nowMs: number, late: boolean) => void,
): () => void {
  let lookedAtMs = monotonicMs()
  const timer = setInterval(() => {
    const nowMs = monotonicMs()
    const late = nowMs - lookedAtMs > everyMs + GRANTED_MS
    lookedAtMs = nowMs
    look(nowMs, late)
  }, everyMs).unref()
  return () => clearInterval(timer)
}

const GRANTED_MS = 1000
