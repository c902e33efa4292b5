import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'
import type { ClockReading } from '../../server/protocol/api.ts'

/** What the sentinels saw in one window. Histograms count microseconds and can be merged across trials. */
export interface LatencyRecord {
  /** Read callback − intended publish time, for each event and sentinel. */
  readonly deliveryUs: string
  /** The last sentinel's read − intended publish time, for each event. */
  readonly completionUs: string
  readonly samples: number
  /** The smallest latency, even below zero; `null` without samples. */
  readonly lowestMs: number | null
  /** The window's events in ascending order, each with its intended publish time and the last sentinel's read. */
  readonly seqs: readonly number[]
  readonly intendedAt: readonly number[]
  readonly lastReadAt: readonly number[]
}

interface EventReads {
  readonly at: number
  lastReadAt: number
}

export interface Latencies {
  /** The instant of a read callback in epoch milliseconds on the server's clock. */
  readonly readAt: () => number
  /** Forgets everything: a window begins. */
  clear(): void
  record(seq: number, at: number, readAt: number): void
  report(): LatencyRecord
}

/**
 * Latencies on one clock: both processes read CLOCK_MONOTONIC (`process.hrtime`), and the pair of readings from
 * `GET /api/clock` places the events' epoch times on it. `Date.now()` would be off by milliseconds.
 */
export function createLatencies(clock: ClockReading): Latencies {
  const monotonicNs = BigInt(clock.monotonicNs)
  const delivery = microsecondHistogram()
  const events = new Map<number, EventReads>()
  let lowestMs: number | null = null

  return {
    readAt: () => clock.at + Number(process.hrtime.bigint() - monotonicNs) / 1e6,

    clear() {
      delivery.reset()
      events.clear()
      lowestMs = null
    },

    record(seq, at, readAt) {
      const latencyMs = readAt - at
      delivery.recordValue(Math.max(0, Math.round(latencyMs * 1000)))
      if (lowestMs === null || latencyMs < lowestMs) lowestMs = latencyMs
      const event = events.get(seq)
      if (event === undefined) events.set(seq, { at, lastReadAt: readAt })
      else if (readAt > event.lastReadAt) event.lastReadAt = readAt
    },

    report() {
      return createRecord(delivery, lowestMs, events)
    },
  }
}

/** What several processes saw of the same events, together. */
export function mergeLatencies(records: readonly LatencyRecord[]): LatencyRecord {
  const [only] = records
  if (records.length === 1 && only !== undefined) return only
  const delivery = microsecondHistogram()
  const events = new Map<number, EventReads>()
  let lowestMs: number | null = null
  for (const record of records) {
    delivery.add(decodeFromCompressedBase64(record.deliveryUs))
    if (record.lowestMs !== null) lowestMs = Math.min(lowestMs ?? record.lowestMs, record.lowestMs)
    for (const [index, seq] of record.seqs.entries()) {
      const lastReadAt = Math.max(record.lastReadAt[index] ?? 0, events.get(seq)?.lastReadAt ?? 0)
      events.set(seq, { at: record.intendedAt[index] ?? 0, lastReadAt })
    }
  }
  return createRecord(delivery, lowestMs, events)
}

function createRecord(
  delivery: Histogram,
  lowestMs: number | null,
  events: ReadonlyMap<number, EventReads>,
): LatencyRecord {
  const completion = microsecondHistogram()
  const inOrder = [...events].sort(([a], [b]) => a - b)
  for (const [, { at, lastReadAt }] of inOrder) {
    completion.recordValue(Math.max(0, Math.round((lastReadAt - at) * 1000)))
  }
  return {
    deliveryUs: encodeIntoCompressedBase64(delivery),
    completionUs: encodeIntoCompressedBase64(completion),
    samples: delivery.totalCount,
    lowestMs,
    seqs: inOrder.map(([seq]) => seq),
    intendedAt: inOrder.map(([, { at }]) => at),
    lastReadAt: inOrder.map(([, { lastReadAt }]) => lastReadAt),
  }
}

function microsecondHistogram(): Histogram {
  return build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
}
