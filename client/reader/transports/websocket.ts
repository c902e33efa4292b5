import { CLOSE, type ControlFrame, parseCursor, type SayFrame } from '../../../server/protocol/wire.ts'
import { decodeFrame } from './decode.ts'
import type { Ending, Transport } from './transport.ts'

/** `WebSocket.OPEN`. */
const OPEN = 1
const BROKEN: Ending = { final: false, floorMs: 0, why: 'broken' }
const ENDED: Ending = { final: false, floorMs: 0, why: 'unreachable' }

/** WebSocket: *since, then follow*, as frames on one connection on which both sides may speak. */
export const websocket: Transport = reader => {
  const { environment, signal } = reader
  const { WebSocket, now } = environment
  const unanswered: { resolve: (cursor: string) => void; reject: (error: Error) => void }[] = []
  /** Events travel bare: their epoch is that of the last hello or gap. */
  let epoch = ''

  reader.asked()
  const socket = new WebSocket(reader.address().replace(/^http/, 'ws'))
  signal.addEventListener('abort', () => {
    socket.close()
    giveUp()
  })

  socket.addEventListener('message', ({ data }) => {
    const receivedAt = now()
    const frame = decodeFrame(data)
    if (frame === null) return reader.ended(BROKEN)
    reader.heard()
    if (frame.kind === 'event') reader.events([frame.event], epoch, receivedAt)
    if (frame.kind === 'said') unanswered.shift()?.resolve(frame.cursor)
    if (frame.kind === 'control') {
      epoch = epochAfter(frame.frame) ?? epoch
      reader.control(frame.frame)
    }
  })

  // Without a listener `ws` throws. The close that always follows says as much: a page never learns the status of a
  // refused upgrade, so no refusal before it is believed to be final.
  socket.addEventListener('error', () => {})

  socket.addEventListener('close', ({ code, reason }) => {
    if (code !== CLOSE.badRequest) return reader.ended(ENDED)
    reader.ended({ final: true, reason: reason || 'The server refused what was sent.' })
  })

  return { say }

  function say(value: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      if (socket.readyState !== OPEN) return reject(new Error('Not connected: say it again in a moment.'))
      const frame: SayFrame = { say: value }
      socket.send(JSON.stringify(frame))
      // Answers come in the order of the questions.
      unanswered.push({ resolve, reject })
    })
  }

  function giveUp(): void {
    const error = new Error('The connection ended before the answer: it may have been heard, or not.')
    for (const { reject } of unanswered.splice(0)) reject(error)
  }
}

/** A hello names the epoch that is read, though its cursor may be of the reader's old one; a gap's cursor leads on. */
function epochAfter(frame: ControlFrame): string | undefined {
  if (frame.control === 'hello') return frame.epoch
  return frame.control === 'gap' ? parseCursor(frame.cursor)?.epoch : undefined
}
