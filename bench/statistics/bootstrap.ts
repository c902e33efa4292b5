/**
 * Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): draw as many
 * values again, with replacement; take the statistic of each such sample; cut 2.5 % from either end.
 */
import { quantileSorted } from 'simple-statistics'
import type { Interval } from '../../server/protocol.ts'
import type { Random } from '../random.ts'

const RESAMPLES = 2_000
const CONFIDENCE = 0.95

/** With fewer values a resample is mostly one of them again, and the interval would only look like one. */
export const VALUES_FOR_AN_INTERVAL = 3

/** Where the median lies, with 95 % confidence; `null` with fewer than three values. */
export function bootstrapMedian(values: readonly number[], random: Random): Interval | null {
  if (values.length < VALUES_FOR_AN_INTERVAL) return null
  return percentileInterval(resampledMedian(values, random))
}

/** Where median(b) − median(a) lies, the two drawn independently; `null` with fewer than three values in either. */
export function bootstrapMedianDifference(
  a: readonly number[],
  b: readonly number[],
  random: Random,
): Interval | null {
  if (Math.min(a.length, b.length) < VALUES_FOR_AN_INTERVAL) return null
  const [medianOfA, medianOfB] = [resampledMedian(a, random), resampledMedian(b, random)]
  return percentileInterval(() => medianOfB() - medianOfA())
}

/** The median of as many values drawn again. Two thousand times per figure, hence one array that is sorted in place. */
function resampledMedian(values: readonly number[], random: Random): () => number {
  const n = values.length
  const drawn = new Float64Array(n)
  return () => {
    for (let index = 0; index < n; index++) drawn[index] = values[Math.floor(random() * n)] ?? Number.NaN
    drawn.sort()
    return ((drawn[(n - 1) >> 1] ?? Number.NaN) + (drawn[n >> 1] ?? Number.NaN)) / 2
  }
}

function percentileInterval(statistic: () => number): Interval {
  const sorted = Array.from({ length: RESAMPLES }, statistic).sort((a, b) => a - b)
  const beyond = (1 - CONFIDENCE) / 2
  return { low: quantileSorted(sorted, beyond), high: quantileSorted(sorted, 1 - beyond) }
}
