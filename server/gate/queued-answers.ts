import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Above what any client has in flight on one connection; beyond it, each request would cost an answer that waits. */
const QUEUED_MAX = 64

/**
 * Looks after answers to pipelined requests (RFC 9112 §9.3.2) that wait for their turn on the connection. Where the
 * connection closes, Node tells only the answer whose turn it is; the others never emit `close`, and a file that is to be
 * sent with one stays open. Here they are told as well. A connection with too many is closed.
 */
export function closeQueuedAnswers(server: Server): void {
  const queues = new WeakMap<Socket, Set<ServerResponse>>()

  server.on('request', ({ socket }, answer) => {
    if (answer.socket !== null) return
    const queue = queues.get(socket) ?? openQueue(socket)
    queue.add(answer)
    answer.once('socket', () => queue.delete(answer))
    if (queue.size > QUEUED_MAX) socket.destroy()
  })

  function openQueue(socket: Socket): Set<ServerResponse> {
    const queue = new Set<ServerResponse>()
    queues.set(socket, queue)
    socket.once('close', () => {
      for (const answer of queue) {
        // What Node does to the answer whose turn it is. `closed` is for those who begin to send only later.
        Object.assign(answer, { destroyed: true, _closed: true })
        answer.emit('close')
      }
    })
    return queue
  }
}
