/** From trials to the rows of a summary: figures, and the reasons where there is none. */
import { max, median, min } from 'simple-statistics'
import { mergeFacts } from '../../client/run/merge-facts.ts'
import { ANY_METRIC, type SummaryRow } from '../../server/protocol/run.ts'
import { fact } from '../facts.ts'
import { createRandom } from '../processes/random.ts'
import { worst } from './checks.ts'
import type { Trial } from './result.ts'
import { armsOf, type Point, type Series, seriesOfArm } from './series.ts'
import { bootstrapMedian } from './statistics/bootstrap.ts'

type Figure = Pick<SummaryRow, 'value' | 'bound' | 'low' | 'high' | 'interval' | 'n'>

const NO_FIGURE = { value: null, bound: null, low: null, high: null, interval: null } as const

/** `seed`: the run's, so that the intervals are the same each time. Each figure draws its own numbers from it. */
export function summarize(trials: readonly Trial[], seed: number): SummaryRow[] {
  return armsOf(trials).flatMap(group => {
    const measured = group.some(({ values }) => Object.keys(values).length > 0)
    return measured
      ? seriesOfArm(group, trials).map(series => summarizeSeries(series, seed))
      : group.slice(0, 1).map(first => nothingMeasured(first, group))
  })
}

function summarizeSeries(series: Series, seed: number): SummaryRow {
  const { scenario, arm, as, at, metric, points, tooFewPublishes } = series
  const row = { scenario, arm, as, at, metric }
  if (tooFewPublishes === null) return { ...row, ...summarizePoints(points, seed) }
  const n = points.filter(({ value }) => value !== null).length
  return { ...row, ...NO_FIGURE, n, verdict: 'refused', reasons: [tooFewPublishes] }
}

/** One figure from what each trial says of it. */
export function summarizePoints(
  points: readonly Point[],
  seed: number,
): Figure & Pick<SummaryRow, 'verdict' | 'reasons'> {
  return { ...figureOf(points, seed), ...judgePoints(points) }
}

function nothingMeasured({ scenario, arm, as, at }: Trial, group: readonly Trial[]): SummaryRow {
  return {
    scenario,
    arm,
    as,
    at,
    metric: ANY_METRIC,
    ...NO_FIGURE,
    n: 0,
    verdict: worst(['refused', ...group.map(({ verdict }) => verdict)]),
    reasons: mergeFacts(group.flatMap(({ reasons }) => reasons)),
  }
}

function figureOf(points: readonly Point[], seed: number): Figure {
  const values = points.flatMap(({ value }) => value ?? [])
  if (values.length === 0) return { ...NO_FIGURE, n: 0 }
  const several = values.length > 1
  return {
    value: median(values),
    bound: points.find(({ bound }) => bound !== null)?.bound ?? null,
    low: several ? min(values) : null,
    high: several ? max(values) : null,
    interval: bootstrapMedian(values, createRandom(seed)),
    n: values.length,
  }
}

/** A figure that lost some of its trials is flagged; one that lost all is refused, or failed. */
function judgePoints(points: readonly Point[]): Pick<SummaryRow, 'verdict' | 'reasons'> {
  const reasons = mergeFacts(points.flatMap(point => point.reasons))
  const left = points.filter(({ value }) => value === null).length
  if (left === 0 || left === points.length)
    return { verdict: worst(points.map(({ verdict }) => verdict)), reasons }
  const leftOut = fact('trials-left-out', { left, trials: points.length })
  return { verdict: 'flagged', reasons: [leftOut, ...reasons] }
}
