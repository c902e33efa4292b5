/** One reader of the fleet. Its ledger outlives its connections, of which it has one at a time. */
import { connect, type Socket } from 'node:net'
import { isHeld, isStream, type Technique } from '../../server/protocol/techniques.ts'
import type { CreateReader, Reader } from './fleet-technique.ts'
import type { Latencies } from './latencies.ts'
import { createLedger, type Deliveries, type Ledger } from './ledger.ts'
import { FLEET_TECHNIQUES } from './techniques.ts'

/** `plain` reads the `tcp` floor. */
export type ReaderKind = Technique | 'plain'

const THIS_MACHINE = '127.0.0.1'
const HTTP_PORT = 80

/** What all connections of a fleet did, counted together. */
export interface Exchange {
  requests: number
  answers: number
  /** Requests whose connection was cut before the answer came; a stream's request has no end of its answer to wait for. */
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
  /** Every socket reads into this one. */
  readonly buffer: Buffer
  readonly exchange: Exchange
  readonly latencies: Latencies
  readonly pollIntervalMs: () => number
  readonly random: () => number
  readonly blindCursor: string | null
  /** A connection broke that was not cut from this side. */
  readonly onFailure: (error: Error) => void
}

export interface Member {
  readonly ledger: Ledger
  /** The place at which it began; −1 before it knows any. */
  readonly began: number
  /** Has a connection that neither side has closed, as far as can be seen without reading. */
  readonly connected: boolean
  /** The address and port of its own end, once connected. */
  readonly localEnd: { readonly address: string; readonly port: number } | null
  /**
   * Connects, as a newcomer the first time, later with its own cursor. Resolves once it knows its place and has
   * everything up to `upTo`, with the milliseconds since it began to connect; rejects if the connection ends before.
   */
  connect(upTo: number): Promise<number>
  /** Destroys the connection in the middle of whatever it carries. Not a failure. */
  cut(): void
  /** Reads again after it had stopped. */
  unstall(): void
  pause(): void
  resume(): void
}

export interface MemberOptions {
  readonly sentinel: boolean
  /** Stops reading its first connection once it knows its place; that the server then closes it is not a failure. */
  readonly stalls: boolean
  readonly localAddress: string | undefined
  /** Where its events are counted. */
  readonly deliveries: Deliveries
}

interface Connection {
  readonly socket: Socket
  readonly reader: Reader
  /** It stops reading, so the server is expected to close it. */
  readonly stalls: boolean
  reading: boolean
  unanswered: number
}

export function createMember(fleet: FleetContext, options: MemberOptions): Member {
  const { kind, buffer, exchange, latencies, host = THIS_MACHINE, port } = fleet
  const { sentinel, localAddress } = options
  const createReader = kind === 'plain' ? createPlainReader : FLEET_TECHNIQUES[kind].createReader
  const held = kind !== 'plain' && isHeld(kind)
  const answers = kind !== 'plain' && !isStream(kind)
  const ledger = createLedger(options.deliveries)
  let connection: Connection | null = null
  let began = -1
  let epoch = ''
  let placed = false
  let readAt = 0
  let connecting: { readonly upTo: number; succeed(): void; fail(error: Error): void } | null = null

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
      connecting = { upTo, succeed: () => resolve(performance.now() - connectAt), fail: reject }
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
    const reader = createReader({
      host: port === HTTP_PORT ? host : `${host}:${port}`,
      from,
      send: bytes => {
        exchange.bytesOut += bytes.length
        if (typeof bytes === 'string') {
          exchange.requests++
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
      // A request that is held brings no answer while there is nothing to catch up with.
      if (held && from !== null) placed = true
      checkConnecting()
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
      throw new Error(`a reader requested what follows ${ledger.place} and was put at ${seq}`)
    }
    epoch = ofEpoch
    placed = true
    checkConnecting()
  }

  function takeEvent(seq: number, at: number | null): void {
    ledger.take(seq)
    if (at !== null) latencies.record(seq, at, readAt)
    if (connecting !== null) checkConnecting()
  }

  function checkConnecting(): void {
    if (connecting === null || !placed || ledger.place < connecting.upTo) return
    connecting.succeed()
    connecting = null
  }

  /** The connection has ended, and not from this side. */
  function end(own: Connection, error: Error): void {
    if (connection !== own) return
    drop(error)
    if (!own.stalls || !placed) fleet.onFailure(error)
  }

  function cut(): void {
    drop(new Error('a connection was cut before it had caught up'))
  }

  function drop(why: Error): void {
    if (connection === null) return
    const { socket, reader, unanswered } = connection
    connection = null
    reader.pause()
    socket.destroy()
    if (answers) exchange.abandoned += unanswered
    connecting?.fail(why)
    connecting = null
  }

  function unstall(): void {
    if (connection === null || connection.reading) return
    connection.reading = true
    connection.socket.resume()
  }
}

/** Sends nothing and reads nothing out of what is pushed to it: the fleet counts the bytes. */
const createPlainReader: CreateReader = context => {
  let greeted = false
  return {
    start() {},
    read() {
      if (!greeted) context.onPlace(0, '')
      greeted = true
    },
    pause() {},
    resume() {},
  }
}
