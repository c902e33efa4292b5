import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { ClockReading } from '../../server/protocol.ts'

/** What the sentinels saw in one window. Histograms count microseconds and can be merged across trials. */
export interface LatencyRecord {
  /** Read callback − intended publish time, per event and sentinel. */
  readonly deliveryUs: string
  /** The last sentinel's read − intended publish time, per event. */
  readonly completionUs: string
  readonly samples: number
  /** The smallest latency as it was, sign included; `null` without samples. */
  readonly lowestMs: number | null
  /** Intended publish times of the window's events, in order of `seq`. */
  readonly intendedAt: readonly number[]
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
 * Latencies on one clock: both processes read CLOCK_MONOTONIC (`process.hrtime`), and the pair of readings
 * from `GET /api/clock` says where the events' epoch times lie on it. `Date.now()` would be off by milliseconds.
 */
export function createLatencies(clock: ClockReading): Latencies {
  const monotonicNs = BigInt(clock.monotonicNs)
  const delivery = microsecondHistogram()
  const completion = microsecondHistogram()
  const events = new Map<number, { at: number; lastReadAt: number }>()
  let lowestMs: number | null = null

  return {
    readAt: () => clock.at + Number(process.hrtime.bigint() - monotonicNs) / 1e6,

    clear() {
      delivery.reset()
      completion.reset()
      events.clear()
      lowestMs = null
    },

    record(seq, at, readAt) {
      const latencyMs = readAt - at
      delivery.recordValue(Math.max(0, Math.round(latencyMs * 1000)))
      if (lowestMs === null || latencyMs < lowestMs) lowestMs = latencyMs
      const event = events.get(seq)
      if (event === undefined) events.set(seq, { at, lastReadAt: readAt })
      else event.lastReadAt = readAt
    },

    report() {
      completion.reset()
      for (const { at, lastReadAt } of events.values()) {
        completion.recordValue(Math.max(0, Math.round((lastReadAt - at) * 1000)))
      }
      return {
        deliveryUs: encodeIntoCompressedBase64(delivery),
        completionUs: encodeIntoCompressedBase64(completion),
        samples: delivery.totalCount,
        lowestMs,
        intendedAt: [...events].sort(([a], [b]) => a - b).map(([, { at }]) => at),
      }
    },
  }
}

function microsecondHistogram(): Histogram {
  return build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
}
