/**
 * Calls `check` every `everyMs` until the returned function is called. `late` is true for a call that comes more than a
 * second late: the process itself stood still (stopped, asleep, or its event loop blocked), and its sockets with it. A
 * check that cuts connections should then wait for its next call, so that no client is cut for the server's own absence.
 */
export function checkEvery(
  everyMs: number,
  monotonicMs: () => number,
  check: (nowMs: number, late: boolean) => void,
): () => void {
  let checkedAtMs = monotonicMs()
  const timer = setInterval(() => {
    const nowMs = monotonicMs()
    const late = nowMs - checkedAtMs > everyMs + TOLERATED_MS
    checkedAtMs = nowMs
    check(nowMs, late)
  }, everyMs).unref()
  return () => clearInterval(timer)
}

const TOLERATED_MS = 1000
