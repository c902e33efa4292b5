import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { WebSocket } from 'ws'
import { createFanout, type Envelope } from '../delivery/fanout.ts'
import { TcpSink } from '../delivery/sink.ts'
import { createPeers } from '../delivery/websocket-peers.ts'
import { parseExact } from '../exact-json.ts'
import { limitFrames } from '../gate/frame-limit.ts'
import { drawRetryMs } from '../policy.ts'
import { TRAITS } from '../protocol/techniques.ts'
import { type Bye, CLOSE, type ControlFrame, formatCursor, type SaidFrame } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import { demandUpgrade, endpointQuery, placeOf, speakerOf, type TechniqueServer } from './technique.ts'

/** WebSocket: *since*, then *follow*, as frames both ways over a connection that was an HTTP request once. */
export const websocket: TechniqueServer = {
  sentence: 'since, then follow',
  upgrades: true,

  open(app, context) {
    const fanout = createFanout(context.log, websocketEnvelope, context.policy, context.clock.monotonicMs)
    const peers = createPeers(context.policy, context.clock.monotonicMs)

    app.route({
      method: 'GET',
      url: TRAITS.websocket.endpoint,
      config: { technique: 'websocket', serves: 'readers', upgrades: true },
      schema: { querystring: Type.Object(endpointQuery, { additionalProperties: false }) },
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
      /** Words are answered one after the other, and what refuses one is said behind the answers to those before it. */
      let words = Promise.resolve()
      let unanswered = 0
      let refused = false
      peers.add(socket)
      limitFrames(socket, context.clock.monotonicMs, refuse)
      socket.on('message', (data, binary) => {
        unanswered += 1
        words = words
          .then(() => hear(data.toString(), binary))
          .finally(() => {
            unanswered -= 1
          })
      })
      socket.once('closing', unfollow)
      socket.once('close', unfollow)

      async function hear(text: string, binary: boolean): Promise<void> {
        if (refused) return
        try {
          if (binary) throw new Refusal(400, 'bad-frame', SAY_SO)
          const said: SaidFrame = { said: await context.say(sayOf(text), speaker) }
          if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(said))
        } catch (error) {
          const later = error instanceof Refusal && error.statusCode === 429
          refused = true
          socket.close(
            later ? CLOSE.tryLater : CLOSE.badRequest,
            later ? 'Wait before you say more.' : SAY_SO,
          )
        }
      }

      function refuse(code: number, reason: string): void {
        if (unanswered > 0) {
          void words.then(() => refuse(code, reason))
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
          end: () => socket.close(CLOSE.restart, 'The server is closing.'),
        },
        placeOf(request),
      )
    }

    async function drain(): Promise<void> {
      fanout.drain(() => ({ reason: 'The server is closing.', retryMs: drawRetryMs(context.policy) }))
      await new Promise(resolve => setTimeout(resolve, peers.size > 0 ? context.policy.graceMs : 0))
      for (const socket of peers) socket.terminate()
    }
  },
}

const SAY_SO = 'Send only text frames of the form {"say": …}, at most 1 KiB.'

function sayOf(text: string): unknown {
  const frame = parseExact(text)
  const keys = typeof frame === 'object' && frame !== null ? Object.keys(frame) : []
  if (keys.length !== 1 || keys[0] !== 'say') throw new Refusal(400, 'bad-frame', SAY_SO)
  return (frame as { say: unknown }).say
}

/** One text frame each (RFC 6455 §5.2), unmasked and uncompressed, several of them in one write. */
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

/** Writes one whole text frame and returns the offset behind it. */
function writeFrame(whole: Buffer, offset: number, text: string, bytes: number): number {
  const head = headBytes(bytes)
  whole[offset] = 0x81
  whole[offset + 1] = head === 2 ? bytes : head === 4 ? 126 : 127
  if (head === 4) whole.writeUInt16BE(bytes, offset + 2)
  if (head === 10) whole.writeBigUInt64BE(BigInt(bytes), offset + 2)
  whole.write(text, offset + head)
  return offset + head + bytes
}
