/**
 * The readers of one trial: raw sockets that share one read buffer, cheap enough not to be what is measured.
 * Every delivery is accounted for; up to `sentinels` of them are parsed in full and time-stamped.
 */
import { connect, type Socket } from 'node:net'
import type { ClockReading, Technique } from '../server/protocol.ts'
import { createLatencies, type LatencyRecord } from './fleet/latencies.ts'
import { createLedger, type Deliveries, type Ledger } from './fleet/ledger.ts'
import { createLongPollReader } from './fleet/long-poll.ts'
import { createPlainReader } from './fleet/plain.ts'
import { createPollReader } from './fleet/poll.ts'
import type { CreateReader, Reader } from './fleet/reader.ts'
import { createSseReader } from './fleet/sse.ts'
import { createWebSocketReader } from './fleet/websocket.ts'
import { createRandom } from './random.ts'

/** `plain` reads the `tcp` floor. */
export type ReaderKind = Technique | 'plain'

const READERS: Readonly<Record<ReaderKind, CreateReader>> = {
  poll: createPollReader,
  'long-poll': createLongPollReader,
  sse: createSseReader,
  websocket: createWebSocketReader,
  plain: createPlainReader,
}

const READ_BUFFER_BYTES = 64 * 1024
const HOST = '127.0.0.1'

export interface FleetOptions {
  readonly kind: ReaderKind
  readonly port: number
  readonly sentinels: number
  /** How many readers there will be, so that the sentinels can be spread evenly over the order of connecting. */
  readonly readers: number
  readonly pollIntervalMs: number
  readonly seed: number
  /** Set against a floor, which keeps no log (see `ReaderContext`). */
  readonly blindCursor: string | null
  readonly clock: ClockReading
}

export interface FleetCounts extends Readonly<Deliveries> {
  readonly asks: number
  readonly answers: number
  readonly reads: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** The place of the reader that is furthest behind. */
  readonly lowestPlace: number
  /** The sum of the places at which the readers began: by event `top` they should have `readers × top − began`. */
  readonly began: number
  readonly readers: number
}

export interface Fleet {
  /** Opens `count` more connections, `atOnce` at a time. Returns connect start → place known, in milliseconds each. */
  open(count: number, atOnce: number): Promise<number[]>
  counts(): FleetCounts
  clearLatencies(): void
  latencies(): LatencyRecord
  /** Polls ask that often from now on; after `pause`, in a phase drawn anew. */
  resume(pollIntervalMs: number): void
  pause(): void
  /** Sentences about connections that broke; empty in a sound trial. */
  readonly failures: readonly string[]
  close(): void
}

export function createFleet(options: FleetOptions): Fleet {
  const { kind, port, readers: planned, sentinels, blindCursor } = options
  const host = `${HOST}:${port}`
  const random = createRandom(options.seed)
  const shared = Buffer.allocUnsafe(READ_BUFFER_BYTES)
  const sentinelEvery = planned / Math.min(sentinels, planned)
  const sentinelOffset = random() * sentinelEvery
  const latencies = createLatencies(options.clock)
  const deliveries: Deliveries = { delivered: 0, repeated: 0, disordered: 0, missing: 0 }
  const traffic = { asks: 0, answers: 0, reads: 0, bytesIn: 0, bytesOut: 0 }
  const members: { socket: Socket; reader: Reader; ledger: Ledger; startedAt: () => number }[] = []
  const failures: string[] = []
  let { pollIntervalMs } = options
  let readAt = 0
  let closing = false

  return {
    open,
    counts,
    clearLatencies: latencies.clear,
    latencies: latencies.report,
    pause,
    resume,
    failures,
    close,
  }

  async function open(count: number, atOnce: number): Promise<number[]> {
    const placeKnownMs: number[] = []
    let left = count
    const openInTurn = async () => {
      while (left-- > 0) placeKnownMs.push(await openOne())
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openInTurn))
    return placeKnownMs
  }

  function openOne(): Promise<number> {
    const sentinel = isSentinel(members.length)
    const ledger = createLedger(deliveries)
    let began = -1
    const connectAt = performance.now()
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: HOST,
        port,
        noDelay: true,
        onread: { buffer: shared, callback: onRead },
      })
      const reader = READERS[kind]({
        host,
        send: bytes => {
          traffic.bytesOut += bytes.length
          if (typeof bytes === 'string') traffic.asks++
          socket.write(bytes)
        },
        onPlace: seq => {
          ledger.begin(seq)
          began = seq
          resolve(performance.now() - connectAt)
        },
        onEvent: (seq, at) => {
          ledger.take(seq)
          if (at !== null) latencies.record(seq, at, readAt)
        },
        onAnswer: () => {
          traffic.answers++
        },
        sentinel,
        pollIntervalMs: () => pollIntervalMs,
        random,
        blindCursor,
      })
      members.push({ socket, reader, ledger, startedAt: () => began })
      socket.once('connect', () => reader.start())
      socket.once('close', () => fail(new Error('a connection was closed')))
      socket.on('error', fail)

      function onRead(length: number): boolean {
        if (sentinel) readAt = latencies.readAt()
        traffic.reads++
        traffic.bytesIn += length
        try {
          reader.read(shared.subarray(0, length))
        } catch (error) {
          fail(error as Error)
          socket.destroy()
        }
        return true
      }

      function fail(error: Error): void {
        if (closing) return
        failures.push(error.message)
        reject(error)
      }
    })
  }

  /** Evenly spread over the order of connecting, from an offset drawn anew in each trial. */
  function isSentinel(index: number): boolean {
    const before = Math.ceil((index - sentinelOffset) / sentinelEvery)
    const after = Math.ceil((index + 1 - sentinelOffset) / sentinelEvery)
    return after > before
  }

  function counts(): FleetCounts {
    let lowestPlace = Number.POSITIVE_INFINITY
    let began = 0
    for (const { ledger, startedAt } of members) {
      lowestPlace = Math.min(lowestPlace, ledger.place)
      began += startedAt()
    }
    return { ...deliveries, ...traffic, lowestPlace, began, readers: members.length }
  }

  function pause(): void {
    for (const { reader } of members) reader.pause()
  }

  function resume(intervalMs: number): void {
    pollIntervalMs = intervalMs
    for (const { reader } of members) reader.resume()
  }

  function close(): void {
    closing = true
    for (const { socket } of members) socket.destroy()
  }
}
