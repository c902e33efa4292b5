import type { RunTrial } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { type Histogram, mergeHistograms, readHistogram, valueAt } from './hdr-histogram.ts'

/** Latency of one technique over the percentiles, from all trials of one place that may be believed. */
export interface Curve {
  readonly technique: Technique
  /** `beyond` is 1 ÷ (1 − p): 2 for the median, 10 for 90 %, 100 for 99 %. */
  readonly points: readonly { readonly beyond: number; readonly ms: number }[]
  /** Where the curve ends, as 1 ÷ (1 − p): ten publishes lie beyond. */
  readonly ends: number
  readonly publishes: number
  readonly trials: number
  /** Trials that were refused or failed. */
  readonly left: number
  /** The latency at a percentile, 0 to 1; `null` beyond the end. */
  at(share: number): number | null
}

/** The deliveries of one broadcast are not independent, so a sample is a publish, and ten must lie beyond. */
const PUBLISHES_BEYOND = 10
const POINTS = 120
/** The 10th percentile, as 1 ÷ (1 − p): below it lie the luckiest, of whom nobody asks. */
export const CURVES_BEGIN = 1 / 0.9
const HISTOGRAM = 'deliveryUs'

export function hasCurves(trials: readonly RunTrial[], scenario: string): boolean {
  return trials.some(trial => trial.scenario === scenario && trial.histograms[HISTOGRAM] !== undefined)
}

export async function readCurves(
  trials: readonly RunTrial[],
  scenario: string,
  at: string | null,
): Promise<readonly Curve[]> {
  const here = trials.filter(trial => trial.scenario === scenario && trial.at === at && !trial.twin)
  const curves = TECHNIQUES.map(technique => {
    const own = here.filter(trial => trial.arm === technique && trial.as === null)
    return own.length === 0 ? null : readCurve(technique, own)
  })
  return (await Promise.all(curves)).filter(curve => curve !== null)
}

async function readCurve(technique: Technique, trials: readonly RunTrial[]): Promise<Curve> {
  const believed = trials.filter(({ verdict }) => verdict === 'ok' || verdict === 'flagged')
  const encoded = believed.flatMap(({ histograms }) => histograms[HISTOGRAM] ?? [])
  const histogram = mergeHistograms(await Promise.all(encoded.map(readHistogram)))
  const publishes = believed.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  const ends = publishes / PUBLISHES_BEYOND
  return {
    technique,
    points: pointsOf(histogram, ends),
    ends,
    publishes,
    trials: believed.length,
    left: trials.length - believed.length,
    at(share) {
      const value = 1 / (1 - share) > ends * (1 + 1e-9) ? null : valueAt(histogram, share)
      return value === null ? null : value / 1_000
    },
  }
}

/** Evenly spaced on the log axis, from the beginning to the end. */
function pointsOf(histogram: Histogram, ends: number): Curve['points'] {
  if (ends <= CURVES_BEGIN) return []
  return Array.from({ length: POINTS + 1 }, (_, index) => {
    const beyond = CURVES_BEGIN * (ends / CURVES_BEGIN) ** (index / POINTS)
    const value = valueAt(histogram, 1 - 1 / beyond)
    return value === null ? null : { beyond, ms: value / 1_000 }
  }).filter(point => point !== null)
}
