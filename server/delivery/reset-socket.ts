import type { Socket } from 'node:net'

/**
 * Closes a connection so that its peer sees a reset. One whose end has been written is only destroyed: libuv refuses to
 * reset a socket that is shutting down, and Node then neither closes it nor emits `close`, so that it would stay for ever.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
