/** Counts and sums per span of time, for the last `capacity` spans; older ones are overwritten in place. */
export interface TimeBins extends ReadBins {
  add(atMs: number, value: number): void
}

export interface ReadBins {
  /** How many values fell into the bin that holds `atMs`. */
  countAt(atMs: number): number
  /** From the bin of `fromMs` up to the one of `toMs`, which is left out. The mean is NaN where there is no value. */
  between(fromMs: number, toMs: number): { readonly count: number; readonly mean: number }
  /** The mean of the bin that holds `atMs`, NaN when there is none. */
  meanAt(atMs: number): number
}

export function createTimeBins(widthMs: number, capacity: number): TimeBins {
  /** Which span a slot holds at present. A slot that holds another span counts as empty. */
  const spans = new Float64Array(capacity).fill(-1)
  const counts = new Float64Array(capacity)
  const sums = new Float64Array(capacity)

  return { add, countAt, between, meanAt }

  function add(atMs: number, value: number): void {
    const span = Math.floor(atMs / widthMs)
    const slot = span % capacity
    if ((spans[slot] ?? -1) > span) return
    if (spans[slot] !== span) {
      spans[slot] = span
      counts[slot] = 0
      sums[slot] = 0
    }
    counts[slot] = (counts[slot] ?? 0) + 1
    sums[slot] = (sums[slot] ?? 0) + value
  }

  function countAt(atMs: number): number {
    const span = Math.floor(atMs / widthMs)
    const slot = span % capacity
    return spans[slot] === span ? (counts[slot] ?? 0) : 0
  }

  function between(fromMs: number, toMs: number): { readonly count: number; readonly mean: number } {
    let count = 0
    let sum = 0
    for (let span = Math.floor(fromMs / widthMs); span < Math.floor(toMs / widthMs); span++) {
      const slot = span % capacity
      if (spans[slot] !== span) continue
      count += counts[slot] ?? 0
      sum += sums[slot] ?? 0
    }
    return { count, mean: sum / count }
  }

  function meanAt(atMs: number): number {
    const count = countAt(atMs)
    return count === 0 ? Number.NaN : (sums[Math.floor(atMs / widthMs) % capacity] ?? 0) / count
  }
}
