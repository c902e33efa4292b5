import type { WebSocket } from 'ws'

/** Policy violation (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1008
const WINDOW_MS = 1000
/** More messages and clock pings than any page sends, and fewer than the 60 unread pongs at which `ws` silently disconnects. */
const FRAMES_PER_WINDOW = 50
/** More than any technique writes before it waits for the socket to drain. */
const UNREAD_MAX_BYTES = 256 * 1024

/**
 * Closes a WebSocket, by `close`, that sends more than 50 frames a second, pings and pongs included: each costs an answer
 * or a turn of the event loop. One that sends and does not read is terminated, because its answers would pile up.
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
