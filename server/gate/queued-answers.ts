import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** More than any client has in flight on one connection. Beyond it, each request would cost memory for an answer that waits. */
const QUEUED_MAX = 64

/**
 * Closes the answers to pipelined requests (RFC 9112 §9.3.2) that wait for their turn when their connection closes. Node
 * tells only the answer whose turn it is; the others would never emit `close`, and a file that is sent with one would stay
 * open. A connection with too many of them is closed.
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
        // As Node does to the answer whose turn it is. `_closed` is for code that begins to send only later.
        Object.assign(answer, { destroyed: true, _closed: true })
        answer.emit('close')
      }
    })
    return queue
  }
}
