/** One of the fleet's readers: its books outlive its connections, of which it has one at a time. */
import { connect, type Socket } from 'node:net'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { Latencies } from './latencies.ts'
import { createLedger, type Deliveries, type Ledger } from './ledger.ts'
import { createLongPollReader } from './long-poll.ts'
import { createPlainReader } from './plain.ts'
import { createPollReader } from './poll.ts'
import type { CreateReader, Reader } from './reader.ts'
import { createSseReader } from './sse.ts'
import { createWebSocketReader } from './websocket.ts'

/** `plain` reads the `tcp` floor. */
export type ReaderKind = Technique | 'plain'

const READERS: Readonly<Record<ReaderKind, CreateReader>> = {
  poll: createPollReader,
  'long-poll': createLongPollReader,
  sse: createSseReader,
  websocket: createWebSocketReader,
  plain: createPlainReader,
}

const THIS_MACHINE = '127.0.0.1'
const HTTP_PORT = 80

/** What all connections of a fleet did, counted together. */
export interface Exchange {
  asks: number
  answers: number
  /** Asks of a poll that was cut before its answer came. */
  abandoned: number
  reads: number
  bytesIn: number
  bytesOut: number
}

/** What the members of a fleet have in common. */
export interface FleetContext {
  readonly kind: ReaderKind
  /** This machine by default; an IPv6 address stands in brackets. */
  readonly host?: string | undefined
  readonly port: number
  /** Every read of every socket lands here. */
  readonly buffer: Buffer
  readonly exchange: Exchange
  readonly latencies: Latencies
  readonly pollIntervalMs: () => number
  readonly random: () => number
  readonly blindCursor: string | null
  /** A connection broke that nobody cut. */
  readonly onFailure: (error: Error) => void
}

export interface Member {
  readonly ledger: Ledger
  /** The place at which it began; −1 before it knows any. */
  readonly began: number
  /** Has a connection that neither side has closed, as far as it can see without reading. */
  readonly connected: boolean
  /** The address and port of its end, once connected. */
  readonly localEnd: { readonly address: string; readonly port: number } | null
  /**
   * Connects: from the beginning the first time, later from its own cursor. Resolves when it knows its place and
   * has everything up to `upTo`, with the milliseconds since it began to connect; rejects if it breaks before.
   */
  connect(upTo: number): Promise<number>
  /** Ends the connection in mid-sentence, without a word. No failure. */
  cut(): void
  /** Reads again after it had stopped. */
  unstall(): void
  pause(): void
  resume(): void
}

export interface MemberOptions {
  readonly sentinel: boolean
  /** Stops reading its first connection once it knows its place; that the server then ends it is no failure. */
  readonly stalls: boolean
  readonly localAddress: string | undefined
  /** Where its events are counted. */
  readonly deliveries: Deliveries
}

/** What one connection has come to. */
interface Connection {
  readonly socket: Socket
  readonly reader: Reader
  /** It is to stop reading: that the server ends it is expected. */
  readonly stalls: boolean
  reading: boolean
  unanswered: number
}

export function createMember(fleet: FleetContext, options: MemberOptions): Member {
  const { kind, buffer, exchange, latencies, host = THIS_MACHINE, port } = fleet
  const { sentinel, localAddress } = options
  const ledger = createLedger(options.deliveries)
  let connection: Connection | null = null
  let began = -1
  let epoch = ''
  let placed = false
  let readAt = 0
  let arrival: { readonly upTo: number; arrive(): void; fail(error: Error): void } | null = null

  return {
    ledger,
    get began() {
      return began
    },
    get connected() {
      return connection !== null
    },
    get localEnd() {
      const { localAddress: address, localPort: port } = connection?.socket ?? {}
      return address === undefined || port === undefined ? null : { address, port }
    },
    connect: open,
    cut,
    unstall,
    pause: () => connection?.reader.pause(),
    resume: () => connection?.reader.resume(),
  }

  function open(upTo: number): Promise<number> {
    const connectAt = performance.now()
    placed = false
    return new Promise((resolve, reject) => {
      arrival = { upTo, arrive: () => resolve(performance.now() - connectAt), fail: reject }
      connection = createConnection()
    })
  }

  function createConnection(): Connection {
    const from = began === -1 ? null : (fleet.blindCursor ?? `${epoch}-${ledger.place}`)
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      noDelay: true,
      onread: { buffer, callback: length => onRead(own, length) },
    })
    const reader = READERS[kind]({
      host: port === HTTP_PORT ? host : `${host}:${port}`,
      from,
      send: bytes => {
        exchange.bytesOut += bytes.length
        if (typeof bytes === 'string') {
          exchange.asks++
          own.unanswered++
        }
        socket.write(bytes)
      },
      onPlace: takePlace,
      onEvent: takeEvent,
      onAnswer: () => {
        exchange.answers++
        own.unanswered--
      },
      sentinel,
      pollIntervalMs: fleet.pollIntervalMs,
      random: fleet.random,
      blindCursor: fleet.blindCursor,
    })
    const stalls = options.stalls && from === null
    const own: Connection = { socket, reader, stalls, reading: !stalls, unanswered: 0 }
    socket.once('connect', () => {
      reader.start()
      // Nothing to catch up with is told by no answer: this one is held.
      if (kind === 'long-poll' && from !== null) placed = true
      lookAround()
    })
    socket.once('close', () => end(own, new Error('a connection was closed')))
    socket.on('error', error => end(own, error))
    return own
  }

  function onRead(own: Connection, length: number): boolean {
    if (sentinel) readAt = latencies.readAt()
    exchange.reads++
    exchange.bytesIn += length
    try {
      own.reader.read(buffer.subarray(0, length))
    } catch (error) {
      end(own, error as Error)
    }
    return own.reading || !placed
  }

  function takePlace(seq: number, ofEpoch: string): void {
    if (began === -1) {
      ledger.begin(seq)
      began = seq
    } else if (seq !== ledger.place && fleet.blindCursor === null) {
      throw new Error(`asked for what follows ${ledger.place}, it was given a place at ${seq}`)
    }
    epoch = ofEpoch
    placed = true
    lookAround()
  }

  function takeEvent(seq: number, at: number | null): void {
    ledger.take(seq)
    if (at !== null) latencies.record(seq, at, readAt)
    if (arrival !== null) lookAround()
  }

  function lookAround(): void {
    if (arrival === null || !placed || ledger.place < arrival.upTo) return
    arrival.arrive()
    arrival = null
  }

  /** The connection is over, and this side did not mean it to be. */
  function end(own: Connection, error: Error): void {
    if (connection !== own) return
    drop(error)
    if (!own.stalls || !placed) fleet.onFailure(error)
  }

  function cut(): void {
    drop(new Error('a connection was cut before it had what it came for'))
  }

  function drop(why: Error): void {
    if (connection === null) return
    const { socket, reader, unanswered } = connection
    connection = null
    reader.pause()
    socket.destroy()
    if (kind === 'poll' || kind === 'long-poll') exchange.abandoned += unanswered
    arrival?.fail(why)
    arrival = null
  }

  function unstall(): void {
    if (connection === null || connection.reading) return
    connection.reading = true
    connection.socket.resume()
  }
}
