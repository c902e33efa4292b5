import type { FastifyRequest } from 'fastify'
import { parse } from 'secure-json-parse'
import Type from 'typebox'
import type { WebSocket } from 'ws'
import { createFanout, type Envelope } from '../fanout.ts'
import { limitFrames } from '../gate/frame-limit.ts'
import { drawRetryMs } from '../policy.ts'
import { type Bye, CLOSE, type ControlFrame, DOORS, formatCursor, type SaidFrame } from '../protocol.ts'
import { Refusal } from '../refusal.ts'
import { TcpSink } from '../sink.ts'
import { sweep } from '../sweep.ts'
import { demandUpgrade, doorQuery, placeOf, type Room, speakerOf } from '../technique.ts'

/** WebSocket: *since*, then *follow*, as frames both ways over a connection that was an HTTP request once. */
export const websocket: Room = {
  sentence: 'since, then follow',
  upgrades: true,

  open(app, house) {
    const fanout = createFanout(house.log, websocketEnvelope, house.policy, house.clock.monotonicMs)
    const peers = new Set<Peer>()
    const unsweep = sweep(house.policy.sweepMs, house.clock.monotonicMs, lookForTheDead)

    app.route({
      method: 'GET',
      url: DOORS.websocket,
      config: { technique: 'websocket', serves: 'readers', upgrades: true },
      schema: { querystring: Type.Object(doorQuery, { additionalProperties: false }) },
      preHandler: async request => void placeOf(request),
      handler: demandUpgrade,
      wsHandler: answer,
    })
    app.addHook('onClose', async () => {
      fanout.close()
      unsweep()
    })

    return {
      get readers() {
        return fanout.size
      },
      drain,
    }

    function answer(socket: WebSocket, request: FastifyRequest): void {
      const speaker = speakerOf(request)
      const sink = new TcpSink(request.raw.socket)
      const peer: Peer = { socket, pingedAtMs: house.clock.monotonicMs(), waiting: false }
      request.booking.head(0)
      const unfollow = fanout.follow(
        {
          sink,
          booking: request.booking,
          cut: () => socket.close(CLOSE.tooSlow, 'You read too slowly: resume from your cursor.'),
          end: () => socket.close(CLOSE.restart, 'The server is closing.'),
        },
        placeOf(request),
      )
      peers.add(peer)
      limitFrames(socket, house.clock.monotonicMs)
      socket.on('pong', () => {
        peer.waiting = false
      })
      socket.on('message', (data, binary) => void hear(socket, speaker, data.toString(), binary))
      socket.once('close', () => {
        unfollow()
        peers.delete(peer)
      })
    }

    async function hear(socket: WebSocket, speaker: string, text: string, binary: boolean): Promise<void> {
      // What comes behind the frame for which it is being closed.
      if (socket.readyState !== socket.OPEN) return
      try {
        if (binary) throw new Refusal(400, 'bad-frame', SAY_SO)
        const said: SaidFrame = { said: await house.say(sayOf(text), speaker) }
        if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(said))
      } catch (error) {
        const later = error instanceof Refusal && error.statusCode === 429
        socket.close(later ? CLOSE.tryLater : CLOSE.badRequest, later ? 'Wait before you say more.' : SAY_SO)
      }
    }

    /** A peer that vanished sends nothing, not even a close: it is asked, as often as it would get a heartbeat. */
    function lookForTheDead(nowMs: number, late: boolean): void {
      for (const peer of peers) {
        const sincePingMs = nowMs - peer.pingedAtMs
        if (peer.waiting && sincePingMs >= house.policy.pongMs && !late) peer.socket.terminate()
        else if (
          !peer.waiting &&
          sincePingMs >= house.policy.heartbeatMs &&
          peer.socket.bufferedAmount === 0
        ) {
          peer.waiting = true
          peer.pingedAtMs = nowMs
          peer.socket.ping()
        }
      }
    }

    async function drain(): Promise<void> {
      fanout.drain(() => ({ reason: 'The server is closing.', retryMs: drawRetryMs(house.policy) }))
      await new Promise(resolve => setTimeout(resolve, peers.size > 0 ? house.policy.graceMs : 0))
      for (const peer of peers) peer.socket.terminate()
    }
  },
}

interface Peer {
  readonly socket: WebSocket
  pingedAtMs: number
  /** Its answer to the last ping has not come yet. */
  waiting: boolean
}

const SAY_SO = 'Send only text frames of the form {"say": …}, at most 1 KiB.'

function sayOf(text: string): unknown {
  const frame: unknown = parse(text, null, { protoAction: 'error', constructorAction: 'error' })
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
