import type { Place, Run, RunTrial } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { type Histogram, mergeHistograms, readHistogram, valueAt } from './hdr-histogram.ts'
import { isPlace } from './scenario-table.ts'

/** Latency of one technique over the percentiles, from all trials of one place whose latency may be believed. */
export interface Curve {
  readonly technique: Technique
  /** `beyond` is 1 ÷ (1 − p): 2 for the median, 10 for 90 %, 100 for 99 %. */
  readonly points: readonly { readonly beyond: number; readonly ms: number }[]
  /** Where the curve ends, as 1 ÷ (1 − p): ten publishes lie beyond. */
  readonly ends: number
  readonly maxMs: number | null
  readonly publishes: number
  readonly trials: number
  /** Trials whose latency was refused, or that failed. */
  readonly left: number
  /** The latency at a percentile, 0 to 1; `null` beyond the end. */
  at(share: number): number | null
}

/** The curves of one place of a scenario. */
export interface CurvesAt {
  readonly at: Place | null
  readonly curves: readonly Curve[]
}

/** The deliveries of one broadcast are not independent, so a sample is a publish, and ten must lie beyond. */
export const PUBLISHES_BEYOND = 10
const POINTS = 120
/** The 10th percentile, as 1 ÷ (1 − p): the few that were luckier say nothing. */
export const CURVES_BEGIN = 1 / 0.9
const HISTOGRAM = 'deliveryUs'
/** The metric that stands for latency in the checks. */
const LATENCY = 'latency-p50'

type Trials = Pick<Run, 'trials'>

export function hasCurves({ trials }: Trials, scenario: string): boolean {
  return trials.some(trial => trial.scenario === scenario && trial.histograms[HISTOGRAM] !== undefined)
}

/** Rejects if a histogram is none. */
export async function readCurves({ trials }: Trials, scenario: string, at: Place | null): Promise<CurvesAt> {
  const here = trials.filter(trial => trial.scenario === scenario && isPlace(trial.at, at) && !trial.twin)
  const curves = TECHNIQUES.map(technique => {
    const own = here.filter(({ arm, as }) => arm === technique && as === null)
    return own.length === 0 ? null : readCurve(technique, own)
  })
  return { at, curves: (await Promise.all(curves)).filter(curve => curve !== null) }
}

async function readCurve(technique: Technique, trials: readonly RunTrial[]): Promise<Curve> {
  const believed = trials.filter(hasLatency)
  const encoded = believed.flatMap(({ histograms }) => histograms[HISTOGRAM] ?? [])
  const histogram = mergeHistograms(await Promise.all(encoded.map(readHistogram)))
  const publishes = believed.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  const ends = publishes / PUBLISHES_BEYOND
  const maxUs = valueAt(histogram, 1)
  return {
    technique,
    points: pointsOf(histogram, ends),
    ends,
    maxMs: maxUs === null ? null : maxUs / 1_000,
    publishes,
    trials: believed.length,
    left: trials.length - believed.length,
    at(share) {
      const us = 1 / (1 - share) > ends * (1 + 1e-9) ? null : valueAt(histogram, share)
      return us === null ? null : us / 1_000
    },
  }
}

/** As in the summary: a trial counts unless it failed, or a check that concerns its latency refused it. */
function hasLatency({ verdict, checks }: RunTrial): boolean {
  if (verdict === 'failed') return false
  return !checks.some(
    check => check.verdict === 'refused' && (check.concerns === 'all' || check.concerns.includes(LATENCY)),
  )
}

/** Evenly spaced on the log axis, from the beginning to the end. */
function pointsOf(histogram: Histogram, ends: number): Curve['points'] {
  if (ends <= CURVES_BEGIN) return []
  return Array.from({ length: POINTS + 1 }, (_, index) => {
    const beyond = CURVES_BEGIN * (ends / CURVES_BEGIN) ** (index / POINTS)
    const us = valueAt(histogram, 1 - 1 / beyond)
    return us === null ? null : { beyond, ms: us / 1_000 }
  }).filter(point => point !== null)
}

/** The percentiles that are named, as far as some curve reaches. */
const NAMED = [0.5, 0.9, 0.99, 0.999, 0.9999]

export function namedPercentiles(places: readonly CurvesAt[]): readonly number[] {
  return NAMED.filter(share => places.some(({ curves }) => curves.some(curve => curve.at(share) !== null)))
}

/** The frame of the picture: both axes are logarithmic, latency from a round number to a round one. */
export function curveFrame(curves: readonly Curve[]) {
  const drawn = curves.filter(({ points }) => points.length > 0)
  const ms = drawn.flatMap(({ points }) => points.map(point => point.ms))
  const furthest = Math.max(...drawn.map(({ ends }) => ends), 2)
  return {
    furthest,
    /** 1 ÷ (1 − p) of the percentiles that are named on the axis. */
    ticks: [CURVES_BEGIN, ...NAMED.map(share => Math.round(1 / (1 - share)))].filter(
      beyond => beyond <= furthest * (1 + 1e-9),
    ),
    lowMs: roundMs(Math.min(...ms), 'down'),
    highMs: roundMs(Math.max(...ms), 'up'),
  }
}

const LEAST_MS = 0.01

/** To 1, 2 or 5 of a decade. */
function roundMs(value: number, to: 'up' | 'down'): number {
  const ms = Math.max(LEAST_MS, value)
  const decade = 10 ** Math.floor(Math.log10(ms))
  const steps = [1, 2, 5, 10].map(step => step * decade)
  const found = to === 'up' ? steps.find(step => step >= ms) : steps.findLast(step => step <= ms)
  return found ?? ms
}

export function isRoundMs(ms: number): boolean {
  return Math.abs(roundMs(ms * (1 - 1e-9), 'up') - ms) < ms * 1e-6
}
