/** What a recorder keeps says about a latency: every percentile is a sample that occurred. Milliseconds. */
export interface Summary {
  readonly count: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface Recorder {
  /** Samples that were no latency (negative, or not a number) and are in no summary: a clock jumped. */
  readonly invalid: number
  /** Keeps a latency together with the instant at which it was taken; instants must not fall. */
  record(takenAtMs: number, latencyMs: number): void
  /** Of the kept samples taken at `sinceMs` or later; `null` if there are none. */
  summarise(sinceMs?: number): Summary | null

  /**
   * Samples taken at `sinceMs` or later, by size: the i-th count is of those from `edgesMs[i]` up to, but not at, the
   * next edge. Those below the first edge are not counted.
   */
  histogram(edgesMs: readonly number[], sinceMs?: number): number[]
  clear(): void
}

/**
 * Records latencies into a ring that is allocated once: the newest `capacity` are kept, recording allocates nothing,
 * and a summary sorts a copy. The percentile is the nearest rank (the ⌈p·n⌉-th smallest of n): the smallest sample
 * that at least a share p does not exceed, never a value between two samples.
 */
export function createRecorder(capacity = 4096): Recorder {
  const takenAtMs = new Float64Array(capacity)
  const latencyMs = new Float64Array(capacity)
  let recorded = 0
  let invalid = 0

  return {
    get invalid() {
      return invalid
    },
    record,
    summarise,
    histogram,
    clear,
  }

  function record(taken: number, latency: number): void {
    // Not `latency < 0`: NaN fails every comparison.
    if (!(latency >= 0 && latency < Number.POSITIVE_INFINITY)) {
      invalid += 1
      return
    }
    takenAtMs[recorded % capacity] = taken
    latencyMs[recorded % capacity] = latency
    recorded += 1
  }

  function summarise(sinceMs = Number.NEGATIVE_INFINITY): Summary | null {
    const sorted = since(sinceMs).sort()
    const count = sorted.length
    if (count === 0) return null
    let sumMs = 0
    for (const latency of sorted) sumMs += latency
    return {
      count,
      meanMs: sumMs / count,
      p50Ms: nearestRank(sorted, 0.5),
      p90Ms: nearestRank(sorted, 0.9),
      p99Ms: nearestRank(sorted, 0.99),
      maxMs: nearestRank(sorted, 1),
    }
  }

  function histogram(edgesMs: readonly number[], sinceMs = Number.NEGATIVE_INFINITY): number[] {
    const counts = edgesMs.map(() => 0)
    for (const latency of since(sinceMs)) {
      const index = edgesMs.findLastIndex(edge => edge <= latency)
      if (index >= 0) counts[index] = (counts[index] ?? 0) + 1
    }
    return counts
  }

  function clear(): void {
    recorded = 0
    invalid = 0
  }

  /** A copy, newest first: what is too old ends the walk. */
  function since(sinceMs: number): Float64Array {
    const kept = Math.min(recorded, capacity)
    const copy = new Float64Array(kept)
    let count = 0
    for (; count < kept; count += 1) {
      const slot = (recorded - 1 - count) % capacity
      if ((takenAtMs[slot] ?? 0) < sinceMs) break
      copy[count] = latencyMs[slot] ?? 0
    }
    return copy.subarray(0, count)
  }
}

/**
 * Edges from 0 and then from `leastMs`, each the same factor above the last: latencies spread over decades, and equal
  * steps would show either the fast ones or the slow ones as a single bar.
 * `logEdges(1, 100, 2)`: 0, 1, 3.16, 10, 31.6, 100.

 */
export function logEdges(leastMs: number, mostMs: number, perDecade: number): number[] {
  const steps = Math.round(Math.log10(mostMs / leastMs) * perDecade)
  return [0, ...Array.from({ length: steps + 1 }, (_, step) => leastMs * 10 ** (step / perDecade))]
}

/** The smallest value that at least a share `p` of all values do not exceed; of none, NaN. */
export function nearestRank(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
