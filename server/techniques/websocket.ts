import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { CLOSING_REASON, createFanout, type Envelope } from '../delivery/fanout.ts'
import { TcpSink } from '../delivery/sink.ts'
import { createPeers } from '../delivery/websocket-peers.ts'
import { parseExact } from '../exact-json.ts'
import { limitFrames } from '../gate/frame-limit.ts'
import {
  type Bye,
  CLOSE,
  type ControlFrame,
  formatCursor,
  SAY_MAX_BYTES,
  type SaidFrame,
} from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import {
  demandUpgrade,
  placeOf,
  routeOf,
  speakerOf,
  type TechniqueContext,
  type TechniqueHandle,
} from './technique.ts'

/** WebSocket: *since*, then *follow*, as frames both ways over a connection that began as an HTTP request. */
export function openWebSocket(app: FastifyInstance, context: TechniqueContext): TechniqueHandle {
  const { log, clock, policy, say } = context
  const fanout = createFanout(log, websocketEnvelope, policy, clock.monotonicMs)
  const peers = createPeers(policy, clock.monotonicMs)
  app.route({
    ...routeOf('websocket'),
    preHandler: async request => void placeOf(request),
    handler: demandUpgrade,
    wsHandler: answer,
  })
  app.addHook('onClose', async () => {
    fanout.close()
    peers.close()
  })

  return {
    get readers() {
      return fanout.size
    },
    drain,
  }

  function answer(socket: WebSocket, request: FastifyRequest): void {
    const speaker = speakerOf(request)
    const unfollow = follow(socket, request)
    /** Messages are answered one after the other; a close that refuses one is sent after the answers to those before it. */
    let answering = Promise.resolve()
    let unanswered = 0
    let refused = false
    peers.add(socket)
    limitFrames(socket, clock.monotonicMs, refuse)
    socket.on('message', (data, binary) => {
      unanswered += 1
      answering = answering
        .then(() => receive(data.toString(), binary))
        .finally(() => {
          unanswered -= 1
        })
    })
    socket.once('closing', unfollow)
    socket.once('close', unfollow)

    async function receive(text: string, binary: boolean): Promise<void> {
      if (refused) return
      try {
        if (binary) throw BAD_FRAME
        const reply: SaidFrame = { said: await say(readFrame(text), speaker) }
        if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(reply))
      } catch (error) {
        refused = true
        if (error instanceof Refusal && error.statusCode === 429) {
          socket.close(CLOSE.tryLater, 'Wait before you send more.')
        } else socket.close(CLOSE.badRequest, BAD_FRAME.message)
      }
    }

    function refuse(code: number, reason: string): void {
      if (unanswered > 0) {
        void answering.then(() => refuse(code, reason))
        return
      }
      refused = true
      socket.close(code, reason)
    }
  }

  function follow(socket: WebSocket, request: FastifyRequest): () => void {
    request.account.head(0)
    return fanout.follow(
      {
        sink: new TcpSink(request.raw.socket),
        account: request.account,
        cut: () => socket.close(CLOSE.tooSlow, 'You read too slowly: resume from your cursor.'),
        end: () => socket.close(CLOSE.restart, CLOSING_REASON),
      },
      placeOf(request),
    )
  }

  async function drain(): Promise<void> {
    fanout.drain()
    await new Promise(resolve => setTimeout(resolve, peers.size > 0 ? policy.graceMs : 0))
    for (const socket of peers) socket.terminate()
  }
}

const BAD_FRAME = new Refusal(
  400,
  'bad-frame',
  `Send only text frames of the form {"say": …}, at most ${SAY_MAX_BYTES} bytes.`,
)

/** The value that a client's frame says. Throws for any other frame. */
function readFrame(text: string): unknown {
  const frame = parseExact(text)
  const keys = typeof frame === 'object' && frame !== null ? Object.keys(frame) : []
  if (keys.length !== 1 || keys[0] !== 'say') throw BAD_FRAME
  return (frame as { say: unknown }).say
}

/** One text frame for each event (RFC 6455 §5.2), unmasked and uncompressed; several frames make one write. */
export const websocketEnvelope: Envelope = {
  overheadBytes: 10,
  events(_epoch, entries) {
    const whole = Buffer.allocUnsafe(
      entries.reduce((sum, entry) => sum + headBytes(entry.bytes) + entry.bytes, 0),
    )
    let offset = 0
    for (const entry of entries) offset = writeFrame(whole, offset, entry.text, entry.bytes)
    return whole
  },
  hello: hello => frame({ control: 'hello', ...hello }),
  gap: (gap, cursor) => frame({ control: 'gap', ...gap, cursor: formatCursor(cursor) }),
  heartbeat: top => frame({ control: 'heartbeat', top }),
  bye: (bye: Bye) => frame({ control: 'bye', ...bye }),
}

function frame(control: ControlFrame): Buffer {
  const text = JSON.stringify(control)
  const bytes = Buffer.byteLength(text)
  const whole = Buffer.allocUnsafe(headBytes(bytes) + bytes)
  writeFrame(whole, 0, text, bytes)
  return whole
}

function headBytes(bytes: number): number {
  return bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10
}

/** Writes one text frame; returns the offset after it. */
function writeFrame(whole: Buffer, offset: number, text: string, bytes: number): number {
  const head = headBytes(bytes)
  whole[offset] = 0x81
  whole[offset + 1] = head === 2 ? bytes : head === 4 ? 126 : 127
  if (head === 4) whole.writeUInt16BE(bytes, offset + 2)
  if (head === 10) whole.writeBigUInt64BE(BigInt(bytes), offset + 2)
  whole.write(text, offset + head)
  return offset + head + bytes
}
