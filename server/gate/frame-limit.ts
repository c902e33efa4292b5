import type { WebSocket } from 'ws'

/** Policy violation (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1008
const WINDOW_MS = 1000
/** Above the words and clock pings of any page, and below the 60 unread pongs at which `ws` hangs up without a word. */
const FRAMES_PER_WINDOW = 50
/** More than any room hands over before it waits for the socket to drain. */
const UNREAD_MAX_BYTES = 256 * 1024

/**
 * Closes a WebSocket that sends more than 50 frames a second, pings and pongs included: each costs an answer or a
 * turn. One that sends and does not read is hung up on: at any rate the answers to it would pile up. `close` is what it
 * is closed by.
 */
export function limitFrames(
  socket: WebSocket,
  monotonicMs: () => number,
  close: (code: number, reason: string) => void = (code, reason) => socket.close(code, reason),
): void {
  let frames = 0
  let sinceMs = monotonicMs()
  for (const kind of ['message', 'ping', 'pong']) socket.on(kind, count)

  function count(): void {
    if (socket.bufferedAmount > UNREAD_MAX_BYTES) {
      socket.terminate()
      return
    }
    const nowMs = monotonicMs()
    if (nowMs - sinceMs >= WINDOW_MS) {
      frames = 0
      sinceMs = nowMs
    }
    frames += 1
    if (frames > FRAMES_PER_WINDOW) close(POLICY_VIOLATION, 'Send less often.')
  }
}
