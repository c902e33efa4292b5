/** Two runs side by side, by the rules that hold within one. */
import { bandFor, isRelative } from '../../../client/run/noise.ts'
import { type Arm, type Fact, type NoiseBand, type Place, placeKey } from '../../../server/protocol/run.ts'
import type { Technique } from '../../../server/protocol/techniques.ts'
import { fact } from '../../facts.ts'
import { createRandom } from '../../processes/random.ts'
import type { BenchRun } from '../result.ts'
import { type Series, seriesOf } from '../series.ts'
import { type Finding, judgeUnpaired, notClaimed } from '../statistics/claim.ts'

/** One figure in both runs. `ratio` is that of B ÷ A. */
export interface RunRow extends Finding {
  readonly scenario: string
  readonly arm: Arm
  readonly as: Technique | null
  readonly at: Place | null
  readonly metric: string
  /** Medians over the trials that were not refused. */
  readonly a: number | null
  readonly b: number | null
}

export interface RunComparison {
  readonly a: Side
  readonly b: Side
  /** How the two runs differ in more than their figures. */
  readonly warnings: readonly Fact[]
  readonly rows: readonly RunRow[]
}

type Side = Pick<BenchRun, 'id' | 'startedAt' | 'tier' | 'blocks' | 'bands'>

/** What must be the same before absolute figures of two runs are compared. */
const CIRCUMSTANCES: Readonly<Record<string, (run: BenchRun) => string>> = {
  machine: run => provenanceOf(run, ['cpu', 'cores', 'virtualisation', 'kernel']),
  node: run => provenanceOf(run, ['node']),
  pinning: run => provenanceOf(run, ['serverCore', 'loadCore', 'pinnedBy']),
  tier: ({ tier }) => tier,
}

export function compareRuns(a: BenchRun, b: BenchRun): RunComparison {
  const [seriesOfA, seriesOfB] = [seriesOf(a.trials), seriesOf(b.trials)]
  const differing = Object.entries(CIRCUMSTANCES).filter(([, of]) => of(a) !== of(b))
  const axes = new Map<string, Fact>()
  const rows = seriesOfA.flatMap((own): RunRow[] => {
    const other = seriesOfB.find(candidate => keyOf(candidate) === keyOf(own))
    if (other === undefined || valuesOf(own).length + valuesOf(other).length === 0) return []
    const differingAxes = axesBetween(own, other)
    for (const fact of differingAxes) axes.set(JSON.stringify(fact), fact)
    const row = rowOf(own, other, a, b)
    if (differingAxes.length > 0) return [withObstacle(row, fact('axes-differ'))]
    if (differing.length === 0 || isRelative(own.metric)) return [row]
    const what = differing.map(([name]) => name)
    return [withObstacle(row, fact('circumstances-differ', { what }))]
  })
  return {
    a: sideOf(a),
    b: sideOf(b),
    warnings: [
      ...differing.map(([what, of]) => fact('circumstance-differs', { what, a: of(a), b: of(b) })),
      ...axes.values(),
      ...onlyIn('a', seriesOfA, seriesOfB),
      ...onlyIn('b', seriesOfB, seriesOfA),
      ...[a, b].flatMap(({ complete, id }) => (complete ? [] : [fact('run-incomplete', { id })])),
    ],
    rows,
  }
}

function provenanceOf({ provenance }: BenchRun, names: readonly string[]): string {
  return names.map(name => provenance[name] ?? 'unknown').join(', ')
}

function rowOf(own: Series, other: Series, a: BenchRun, b: BenchRun): RunRow {
  const { scenario, arm, as, at, metric } = own
  const [valueInA = null, valueInB = null] = [a, b].map(
    ({ summary }) =>
      summary.find(
        row =>
          row.scenario === scenario &&
          row.arm === arm &&
          row.as === as &&
          placeKey(row.at) === placeKey(at) &&
          row.metric === metric,
      )?.value,
  )
  const band = wider(bandFor(a.bands, scenario, metric), bandFor(b.bands, scenario, metric))
  const tooFew = own.tooFewPublishes ?? other.tooFewPublishes
  const finding =
    tooFew === null
      ? judgeUnpaired(valuesOf(own), valuesOf(other), { band, random: createRandom(a.seed) })
      : notClaimed(tooFew, 0, band)
  return { scenario, arm, as, at, metric, a: valueInA, b: valueInB, ...finding }
}

function withObstacle(row: RunRow, obstacle: Fact): RunRow {
  return { ...row, verdict: 'not-claimed', obstacle }
}

function valuesOf({ points }: Series): number[] {
  return points.flatMap(({ value }) => value ?? [])
}

/** Both sides are noisy, so the noisier one says what can be seen. Unless both are known, nothing is. */
function wider(a: NoiseBand | null, b: NoiseBand | null): NoiseBand | null {
  if (a === null || b === null) return null
  return { ...(a.share >= b.share ? a : b), n: Math.min(a.n, b.n) }
}

function keyOf({ scenario, arm, as, at, metric }: Series): string {
  return JSON.stringify([scenario, arm, as, placeKey(at), metric])
}

function axesBetween({ scenario, axes: a }: Series, { axes: b }: Series): Fact[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names
    .filter(name => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map(axis => fact('axis-differs', { scenario, axis, a: textOf(a[axis]), b: textOf(b[axis]) }))
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value)
}

/** One fact for each arm and place. */
function onlyIn(side: 'a' | 'b', own: readonly Series[], others: readonly Series[]): Fact[] {
  const known = new Set(others.map(keyOf))
  const facts = own
    .filter(series => !known.has(keyOf(series)))
    .map(({ scenario, arm, as, at }) =>
      fact('only-in-one', { side, scenario, arm, as, axis: at?.axis ?? null, value: at?.value ?? null }),
    )
  return [...new Map(facts.map(fact => [JSON.stringify(fact), fact])).values()]
}

function sideOf({ id, startedAt, tier, blocks, bands }: BenchRun): Side {
  return { id, startedAt, tier, blocks, bands }
}
