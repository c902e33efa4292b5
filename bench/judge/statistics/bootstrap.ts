/**
 * Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): draw as many
 * values again, with replacement; take the statistic of each such sample; cut 2.5 % from either end.
 */
import { quantileSorted } from 'simple-statistics'
import type { Range } from '../../../server/protocol/run.ts'
import type { Random } from '../../processes/random.ts'

const RESAMPLES = 2_000
const CONFIDENCE = 0.95

/** With fewer values a resample is mostly one of them again, and the interval only looks like one. */
const VALUES_FOR_AN_INTERVAL = 3

/** Where the median lies, with 95 % confidence; `null` with fewer than three values. */
export function bootstrapMedian(values: readonly number[], random: Random): Range | null {
  if (values.length < VALUES_FOR_AN_INTERVAL) return null
  return percentileInterval(resampledMedian(values, random))
}

/** Where median(b) − median(a) lies, the two drawn independently; `null` with fewer than three values in either. */
export function bootstrapMedianDifference(
  a: readonly number[],
  b: readonly number[],
  random: Random,
): Range | null {
  if (Math.min(a.length, b.length) < VALUES_FOR_AN_INTERVAL) return null
  const [medianOfA, medianOfB] = [resampledMedian(a, random), resampledMedian(b, random)]
  return percentileInterval(() => medianOfB() - medianOfA())
}

/**
 * The median of as many values drawn again. Two thousand times per figure, so it counts how often each value of the
 * sorted list was drawn and walks to the middle, where sorting every sample would take ten times as long.
 */
function resampledMedian(values: readonly number[], random: Random): () => number {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const drawn = new Uint32Array(n)
  return () => {
    drawn.fill(0)
    for (let count = 0; count < n; count++) {
      const index = Math.floor(random() * n)
      drawn[index] = (drawn[index] ?? 0) + 1
    }
    return (valueOfRank((n - 1) >> 1) + valueOfRank(n >> 1)) / 2
  }

  /** `rank` counts the drawn values from the smallest, from 0. */
  function valueOfRank(rank: number): number {
    let index = 0
    for (let before = drawn[0] ?? 0; before <= rank && index < n - 1; before += drawn[index] ?? 0) index++
    return sorted[index] ?? Number.NaN
  }
}

function percentileInterval(statistic: () => number): Range {
  const sorted = Array.from({ length: RESAMPLES }, statistic).sort((a, b) => a - b)
  const beyond = (1 - CONFIDENCE) / 2
  return { low: quantileSorted(sorted, beyond), high: quantileSorted(sorted, 1 - beyond) }
}
