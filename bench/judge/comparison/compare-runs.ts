/** Two runs side by side, by the rules that hold within one. */
import type { Arm, NoiseBand } from '../../../server/protocol/run.ts'
import { createRandom } from '../../processes/random.ts'
import { METRICS, type MetricId } from '../../scenarios/metrics.ts'
import type { BenchRun } from '../result.ts'
import { nameOf, type Series, seriesOf } from '../series.ts'
import { type Finding, judgeUnpaired, notClaimed } from '../statistics/claim.ts'
import { differencesBetween, differingAxes } from './differing-circumstances.ts'
import { bandFor } from './noise-bands.ts'

/** One figure in both runs. `ratio` is that of B ÷ A. */
export interface RunRow extends Finding {
  readonly scenario: string
  readonly arm: Arm
  readonly at: string | null
  readonly metric: string
  readonly unit: string
  /** Medians over the trials that were not refused. */
  readonly a: number | null
  readonly b: number | null
}

export interface RunComparison {
  readonly a: Side
  readonly b: Side
  /** What makes the two unlike; a sentence each. */
  readonly warnings: readonly string[]
  readonly rows: readonly RunRow[]
}

type Side = Pick<BenchRun, 'id' | 'startedAt' | 'tier' | 'blocks' | 'bands'>

/** How fast the machine is cancels out in these. */
const RELATIVE: readonly MetricId[] = ['times-floor', 'completeness']

export function compareRuns(a: BenchRun, b: BenchRun): RunComparison {
  const [seriesOfA, seriesOfB] = [seriesOf(a.trials), seriesOf(b.trials)]
  const unlike = differencesBetween(a, b)
  const rows: RunRow[] = []
  const axes = new Set<string>()
  for (const own of seriesOfA) {
    const other = seriesOfB.find(candidate => isSame(own, candidate))
    if (other === undefined || valuesOf(own).length + valuesOf(other).length === 0) continue
    const otherAxes = differingAxes(own.axes, other.axes)
    if (otherAxes.length > 0) axes.add(`${own.scenario}: ${otherAxes.join(', ')}`)
    const obstacle =
      otherAxes.length > 0
        ? 'the axes differ'
        : unlike.length > 0 && !RELATIVE.includes(own.metric)
          ? `${unlike.map(({ what }) => what).join(', ')} ${unlike.length === 1 ? 'differs' : 'differ'}`
          : null
    rows.push(rowOf(own, other, a, b, obstacle))
  }
  return {
    a: sideOf(a),
    b: sideOf(b),
    warnings: [
      ...unlike.map(({ what, in: values }) => `${what} differs: ${values.join(' and ')}.`),
      ...[...axes].map(difference => `Axes differ in ${difference}.`),
      ...onlyIn('A', seriesOfA, seriesOfB),
      ...onlyIn('B', seriesOfB, seriesOfA),
      ...[a, b].flatMap(({ complete, id }) => (complete ? [] : [`${id} is incomplete.`])),
    ],
    rows,
  }
}

function rowOf(own: Series, other: Series, a: BenchRun, b: BenchRun, obstacle: string | null): RunRow {
  const { scenario, arm, as, at, metric } = own
  const name = nameOf(metric, as)
  const [rowOfA, rowOfB] = [a, b].map(({ summary }) =>
    summary.find(row => row.scenario === scenario && row.arm === arm && row.at === at && row.metric === name),
  )
  const band = wider(bandFor(a.bands, scenario, metric), bandFor(b.bands, scenario, metric))
  const tooFew = own.tooFewPublishes ?? other.tooFewPublishes
  const finding =
    tooFew === null
      ? judgeUnpaired(valuesOf(own), valuesOf(other), { band, than: 'A', random: createRandom(a.seed) })
      : notClaimed(tooFew.replace(/\.$/, ''), 0, band)
  return {
    scenario,
    arm,
    at,
    metric: name,
    unit: METRICS[metric].unit,
    a: rowOfA?.value ?? null,
    b: rowOfB?.value ?? null,
    ...finding,
    ...(obstacle === null ? {} : { verdict: 'not claimed', sentence: `not claimed: ${obstacle}` }),
  }
}

function valuesOf({ points }: Series): number[] {
  return points.flatMap(({ value }) => value ?? [])
}

/** Both sides are noisy, so the noisier one says what can be seen. Without either there is no saying. */
function wider(a: NoiseBand | null, b: NoiseBand | null): NoiseBand | null {
  if (a === null || b === null) return null
  return { ...(a.share >= b.share ? a : b), n: Math.min(a.n, b.n) }
}

function isSame(a: Series, b: Series): boolean {
  return keyOf(a) === keyOf(b)
}

function keyOf({ scenario, arm, as, at, metric }: Series): string {
  return JSON.stringify([scenario, arm, as, at, metric])
}

function onlyIn(side: string, own: readonly Series[], others: readonly Series[]): string[] {
  const alone = own.filter(series => !others.some(other => isSame(series, other)))
  const names = new Set(
    alone.map(({ scenario, arm, as, at }) =>
      [scenario, arm, as === null ? '' : `as ${as}`, at ?? ''].filter(Boolean).join(' '),
    ),
  )
  return names.size === 0 ? [] : [`Figures only in ${side}: ${[...names].join(', ')}.`]
}

function sideOf({ id, startedAt, tier, blocks, bands }: BenchRun): Side {
  return { id, startedAt, tier, blocks, bands }
}
