import { CLOSE, type Cursor, type SayFrame } from '../../../server/protocol/wire.ts'
import { createFrameDecoder } from './decode.ts'
import { lossBy, type Transport } from './transport.ts'

/** `WebSocket.OPEN`. */
const OPEN = 1

/** WebSocket: *since, then follow*, as frames on one connection on which both sides may speak. */
export const websocket: Transport = link => {
  const { environment, signal } = link
  const { WebSocket, now } = environment
  const decode = createFrameDecoder()
  const unanswered: { resolve: (cursor: Cursor) => void; reject: (error: Error) => void }[] = []

  link.requestStarted()
  const socket = new WebSocket(link.address().replace(/^http/, 'ws'))
  signal.addEventListener('abort', () => {
    socket.close()
    rejectUnanswered()
  })

  socket.addEventListener('message', ({ data }) => {
    const receivedAt = now()
    const frame = decode(data)
    if (frame === null) return link.ended(lossBy('broken'))
    link.bytesReceived()
    if (frame.kind === 'event') link.events([frame.event], frame.epoch, receivedAt)
    if (frame.kind === 'control') link.control(frame.control)
    if (frame.kind === 'said') unanswered.shift()?.resolve(frame.cursor)
  })

  // Without a listener `ws` throws. The close that always follows says as much.
  socket.addEventListener('error', () => {})

  socket.addEventListener('close', ({ code, reason }) => {
    // A page never learns the status of a refused upgrade, so only a close after the upgrade can be final.
    if (code !== CLOSE.badRequest) return link.ended(lossBy('unreachable'))
    link.ended({ final: true, reason: reason || 'The server refused what was sent.' })
  })

  return { say }

  function say(value: unknown): Promise<Cursor> {
    return new Promise((resolve, reject) => {
      if (socket.readyState !== OPEN) return reject(new Error('Not connected: say it again in a moment.'))
      const frame: SayFrame = { say: value }
      socket.send(JSON.stringify(frame))
      // The server answers in the order in which things were said.
      unanswered.push({ resolve, reject })
    })
  }

  function rejectUnanswered(): void {
    const error = new Error('The connection ended before the answer came: it may or may not have arrived.')
    for (const { reject } of unanswered.splice(0)) reject(error)
  }
}
