/**
 * The least that the fleet can read, as a process of its own: no log, no parsing, no counting, only each technique's
 * bytes as fast as they leave. What the fleet takes from it is the most that the fleet can take.
 */
import { createServer, type Socket } from 'node:net'
import { isStream, type Technique } from '../../server/protocol/techniques.ts'
import { formatCursor, type Hello } from '../../server/protocol/wire.ts'
import type { FleetTechnique } from '../fleet/fleet-technique.ts'
import { FLEET_TECHNIQUES } from '../fleet/techniques.ts'
import { answerCalls } from '../processes/rpc.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'

export interface NullServerSettings {
  readonly technique: Technique
  readonly payloadBytes: number
}

/** Sends each reader `rounds` writes, or answers, of `eventsAtOnce` events each, as fast as they leave. */
export interface Flood {
  readonly rounds: number
  readonly eventsAtOnce: number
}

export type NullServerCommands = {
  /** Listens and returns the port. */
  readonly 'null.listen': (settings: NullServerSettings) => Promise<number>
  /** Only once the flood before has been read: more than the fleet can take would pile up in the kernel. */
  readonly 'null.flood': (flood: Flood) => void
}

/** The null server's side of one technique. */
interface NullEndpoint {
  /** A reader has sent its first request, or its next one. */
  onRequest(socket: Socket, bytes: Buffer): void
  onClose(socket: Socket): void
  flood(flood: Flood): void
}

type Encoder = Pick<FleetTechnique['encode'], 'hello'> & {
  /** The events that follow `seq`. */
  events(seq: number, count: number): Buffer
}

const EPOCH = 'aaaaaaaaaa'

answerCalls(createNullServer())

function createNullServer(): NullServerCommands {
  let endpoint: NullEndpoint | null = null

  return {
    'null.listen'({ technique, payloadBytes }) {
      const encoder = createEncoder(FLEET_TECHNIQUES[technique], payloadBytes)
      const opened = isStream(technique) ? createStream(encoder) : createAnswers(encoder)
      endpoint = opened
      return listenOnLoopback(
        createServer({ noDelay: true }, socket => {
          socket.on('data', bytes => opened.onRequest(socket, bytes))
          socket.on('error', () => socket.destroy())
          socket.on('close', () => opened.onClose(socket))
        }),
      )
    },
    'null.flood'(flood) {
      endpoint?.flood(flood)
    },
  }
}

/** The same bytes to every reader, and then the next. */
function createStream(encoder: Encoder): NullEndpoint {
  const readers = new Set<Socket>()
  let seq = 0
  return {
    onRequest(socket, bytes) {
      if (readers.has(socket)) return
      readers.add(socket)
      socket.write(encoder.hello(bytes.toString('latin1'), helloAt(seq)))
    },
    onClose: socket => void readers.delete(socket),
    flood: send,
  }

  function send({ rounds, eventsAtOnce }: Flood): void {
    if (rounds === 0) return
    const bytes = encoder.events(seq, eventsAtOnce)
    seq += eventsAtOnce
    for (const socket of readers) socket.write(bytes)
    setImmediate(send, { rounds: rounds - 1, eventsAtOnce })
  }
}

interface Requester {
  seq: number
  /** Answers that it may still have in this flood. */
  answersLeft: number
  /** Its request is held. */
  held: boolean
}

/** Each request is answered with the next events, or held until there are some. */
function createAnswers(encoder: Encoder): NullEndpoint {
  const requesters = new Map<Socket, Requester>()
  /** Keyed by the number that they follow. */
  let answers = new Map<number, Buffer>()
  let eventsAtOnce = 0
  return {
    onRequest(socket, bytes) {
      const requester = requesters.get(socket)
      if (requester !== undefined) return answer(socket, requester)
      requesters.set(socket, { seq: 0, answersLeft: 0, held: false })
      socket.write(encoder.hello(bytes.toString('latin1'), helloAt(0)))
    },
    onClose: socket => void requesters.delete(socket),
    flood(flood) {
      eventsAtOnce = flood.eventsAtOnce
      answers = new Map()
      for (const [socket, requester] of requesters) {
        requester.answersLeft = flood.rounds
        if (requester.held) answer(socket, requester)
      }
    },
  }

  function answer(socket: Socket, requester: Requester): void {
    requester.held = requester.answersLeft === 0
    if (requester.held) return
    const bytes = answers.get(requester.seq) ?? encoder.events(requester.seq, eventsAtOnce)
    answers.set(requester.seq, bytes)
    requester.seq += eventsAtOnce
    requester.answersLeft--
    socket.write(bytes)
  }
}

/** Each event's data is `payloadBytes` long as text. */
function createEncoder({ encode }: FleetTechnique, payloadBytes: number): Encoder {
  const data = 'x'.repeat(payloadBytes - 2)
  return {
    hello: encode.hello,
    events(seq, count) {
      const next = Array.from({ length: count }, (_, index) => seq + index + 1)
      return encode.events(
        next.map(seq => ({
          cursor: formatCursor({ epoch: EPOCH, seq }),
          text: JSON.stringify({ seq, at: Date.now(), type: 'synthetic', data }),
        })),
      )
    },
  }
}

function helloAt(seq: number): Hello {
  const cursor = formatCursor({ epoch: EPOCH, seq })
  return { epoch: EPOCH, cursor, oldest: 1, top: seq, heartbeatMs: 15_000 }
}
