import type { Socket } from 'node:net'

/**
 * Breaks a connection off, so that its peer sees a reset. One whose end has been written already is only closed:
 * libuv refuses to reset it while it shuts down, and Node then neither closes it nor says `close`, so that it would
 * stay for ever.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
