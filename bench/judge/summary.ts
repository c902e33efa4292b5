/** From trials to the rows of a summary: what may be said, and why what may not be said is not. */
import { max, median, min } from 'simple-statistics'
import type { SummaryRow } from '../../server/protocol/run.ts'
import { createRandom } from '../processes/random.ts'
import { METRICS } from '../scenarios/metrics.ts'
import type { Trial } from './result.ts'
import { armsOf, nameOf, type Point, type Series, seriesOfArm } from './series.ts'
import { bootstrapMedian } from './statistics/bootstrap.ts'
import { worst } from './worst-verdict.ts'

const NO_FIGURE = { value: null, low: null, high: null, interval: null } as const

/** `seed`: the run's, so that the intervals can be had again. Each figure draws its own numbers from it. */
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
  const row = { scenario, arm, at, metric: nameOf(metric, as), unit: METRICS[metric].unit }
  if (tooFewPublishes !== null) {
    const n = points.filter(({ value }) => value !== null).length
    return { ...row, ...NO_FIGURE, n, verdict: 'refused', reasons: [tooFewPublishes] }
  }
  return { ...row, ...summarizePoints(points, seed) }
}

/** One figure from what each trial says of it. */
export function summarizePoints(
  points: readonly Point[],
  seed: number,
): Pick<SummaryRow, 'value' | 'low' | 'high' | 'interval' | 'n' | 'verdict' | 'reasons'> {
  const values = points.flatMap(({ value }) => value ?? [])
  return { ...spread(values, seed), ...joint(points) }
}

function nothingMeasured({ scenario, arm, at }: Trial, group: readonly Trial[]): SummaryRow {
  const reasons = [...new Set(group.flatMap(trial => trial.reasons))]
  return { scenario, arm, at, metric: 'any', unit: '', ...NO_FIGURE, n: 0, verdict: 'failed', reasons }
}

function spread(
  values: readonly number[],
  seed: number,
): Pick<SummaryRow, 'value' | 'low' | 'high' | 'interval' | 'n'> {
  if (values.length === 0) return { ...NO_FIGURE, n: 0 }
  const several = values.length > 1
  return {
    value: median([...values]),
    low: several ? min([...values]) : null,
    high: several ? max([...values]) : null,
    interval: bootstrapMedian(values, createRandom(seed)),
    n: values.length,
  }
}

/** A value that lost some of its trials is flagged; one that lost all is refused, or failed. */
function joint(points: readonly Point[]): Pick<SummaryRow, 'verdict' | 'reasons'> {
  const reasons = [...new Set(points.flatMap(point => point.reasons))]
  const lost = points.filter(({ value }) => value === null).length
  const verdict = worst(points.map(point => point.verdict))
  if (lost === 0 || lost === points.length) return { verdict, reasons }
  return { verdict: 'flagged', reasons: [`${lost} of ${points.length} trials are left out.`, ...reasons] }
}
