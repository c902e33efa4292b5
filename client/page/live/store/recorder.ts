/** The latencies of one window. Every percentile is a sample that occurred. */
export interface Summary {
  readonly count: number
  /** How many different instants of publication are behind it: a burst is one observation of waiting, not a hundred. */
  readonly instants: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** By how much chance alone may move the median: the notch of a box plot, 1.57 × IQR / √n (McGill et al. 1978). */
  readonly medianErrorMs: number
}

export interface Recorder {
  /**
   * Keeps the latency of what was published at `at` and received at `receivedAt`, which must not fall. Leaves out what
   * cannot be a latency: not a number, or so far below zero that a clock has jumped.
   */
  record(receivedAt: number, at: number): void
  /** Of what was received at `sinceMs` or later; `null` if there is nothing. */
  summarise(sinceMs?: number): Summary | null
}

/** A little below zero is the clocks' uncertainty. Dropping that half of it would make the rest look better. */
const CLOCK_JUMPED_MS = -1000

/**
 * Records latencies into a ring that is allocated once: the newest `capacity` are kept, recording allocates nothing,
 * and a summary sorts a copy. The percentile is the nearest rank (the ⌈p·n⌉-th smallest of n): the smallest sample
 * that at least a share p does not exceed, never a value between two samples.
 */
export function createRecorder(capacity = 32_768): Recorder {
  const receivedAts = new Float64Array(capacity)
  const ats = new Float64Array(capacity)
  const sorted = new Float64Array(capacity)
  let recorded = 0

  return { record, summarise }

  function record(receivedAt: number, at: number): void {
    const latencyMs = receivedAt - at
    // Not `latencyMs < …`: NaN fails every comparison.
    if (!(latencyMs >= CLOCK_JUMPED_MS && latencyMs < Number.POSITIVE_INFINITY)) return
    receivedAts[recorded % capacity] = receivedAt
    ats[recorded % capacity] = at
    recorded += 1
  }

  function summarise(sinceMs = Number.NEGATIVE_INFINITY): Summary | null {
    let count = 0
    let sumMs = 0
    let instants = 0
    let lastAt = Number.NaN
    // Newest first: what is too old ends the walk.
    for (const kept = Math.min(recorded, capacity); count < kept; count += 1) {
      const slot = (recorded - 1 - count) % capacity
      const receivedAt = receivedAts[slot] ?? 0
      const at = ats[slot] ?? 0
      if (receivedAt < sinceMs) break
      if (at !== lastAt) instants += 1
      lastAt = at
      sorted[count] = receivedAt - at
      sumMs += receivedAt - at
    }
    if (count === 0) return null
    const latencies = sorted.subarray(0, count).sort()
    const middleHalfMs = nearestRank(latencies, 0.75) - nearestRank(latencies, 0.25)
    return {
      count,
      instants,
      meanMs: sumMs / count,
      p50Ms: nearestRank(latencies, 0.5),
      p90Ms: nearestRank(latencies, 0.9),
      p99Ms: nearestRank(latencies, 0.99),
      maxMs: nearestRank(latencies, 1),
      medianErrorMs: (1.57 * middleHalfMs) / Math.sqrt(instants),
    }
  }
}

/** The smallest value that at least a share `p` of all values do not exceed; NaN where there are none. */
function nearestRank(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
