import { createRing } from './ring.ts'

/** What the last seconds of one lane say about its latency. */
export interface LatencySummary {
  readonly count: number
  /** How many different instants of publication are behind it: a burst is one observation of waiting, not a hundred. */
  readonly instants: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** By how much chance alone may move the median: the notch of a box plot, 1.57 × IQR / √n (McGill et al. 1978). */
  readonly medianErrorMs: number
}

export interface LatencySamples {
  add(receivedAt: number, at: number): void
  /** Of the samples received since an instant; `null` when there are none. */
  summarise(sinceMs: number): LatencySummary | null
}

/** 1,000 events a second for half a minute. */
const CAPACITY = 32_768

export function createLatencySamples(): LatencySamples {
  const ring = createRing(CAPACITY, ['receivedAt', 'at'])
  const sorted = new Float64Array(CAPACITY)

  return {
    add: (receivedAt, at) => ring.push({ receivedAt, at }),
    summarise,
  }

  function summarise(sinceMs: number): LatencySummary | null {
    let count = 0
    let sum = 0
    let instants = 0
    let lastAt = Number.NaN
    for (; count < ring.length; count++) {
      const receivedAt = ring.get(count, 'receivedAt')
      if (receivedAt < sinceMs) break
      const at = ring.get(count, 'at')
      if (at !== lastAt) instants++
      lastAt = at
      sorted[count] = receivedAt - at
      sum += receivedAt - at
    }
    if (count === 0) return null
    const values = sorted.subarray(0, count).sort()
    return {
      count,
      instants,
      meanMs: sum / count,
      p50Ms: nearestRank(values, 0.5),
      p99Ms: nearestRank(values, 0.99),
      medianErrorMs: (1.57 * (nearestRank(values, 0.75) - nearestRank(values, 0.25))) / Math.sqrt(instants),
    }
  }
}

/** The smallest value that at least a share `p` of all values do not exceed. */
function nearestRank(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
