/** Trials, sorted by what they measured: for each arm and metric, what every trial says about it, or why it says nothing. */
import { type Arm, FLOORS, type Verdict } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { isMetricId, METRICS, type MetricId, publishesNeeded } from '../scenarios/metrics.ts'
import { SCENARIO_IDS } from '../scenarios/scenario.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import type { Check } from './checks.ts'
import type { Trial } from './result.ts'
import { worst } from './worst-verdict.ts'

/** What one trial says about one metric. */
export interface Point {
  readonly block: number
  /** `null` when refused, failed or not measured. */
  readonly value: number | null
  readonly verdict: Verdict
  readonly reasons: readonly string[]
}

export interface Series {
  readonly scenario: Trial['scenario']
  readonly arm: Arm
  /** Of a floor: the technique that it stands in for. */
  readonly as: Technique | null
  readonly at: string | null
  readonly metric: MetricId
  readonly axes: Trial['axes']
  readonly points: readonly Point[]
  /** Why a percentile may not be said, however many trials have one. */
  readonly tooFewPublishes: string | null
}

/** The unit in which each technique is held against its floor. */
const FLOOR_METRIC: Readonly<Record<Technique, MetricId>> = {
  poll: 'cpu-per-request',
  'long-poll': 'cpu-per-request',
  sse: 'cpu-per-delivery',
  websocket: 'cpu-per-delivery',
}

const ARMS: readonly Arm[] = [...TECHNIQUES, ...FLOORS]
const METRIC_IDS = Object.keys(METRICS).filter(isMetricId)
/** Of places that the table does not know: `RTT 20 ms` comes before `RTT 100 ms`. */
const LABELS = new Intl.Collator('en', { numeric: true })

/** All but the twins, which serve the A/A band only. In the order of the table of scenarios, whatever order they ran in. */
export function seriesOf(trials: readonly Trial[]): Series[] {
  return armsOf(trials).flatMap(group => seriesOfArm(group, trials))
}

/** The same for the twins, as if they were the reference arm. */
export function twinSeriesOf(trials: readonly Trial[]): Series[] {
  const floors = trials.filter(({ as }) => as !== null)
  const twins = trials.filter(({ twin }) => twin).map(trial => ({ ...trial, twin: false }))
  return armsOf(twins).flatMap(group => seriesOfArm(group, floors))
}

/** The trials of each arm at each place, in the order in which a report names them. */
export function armsOf(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<string, Trial[]>()
  for (const trial of trials.filter(({ twin }) => !twin)) {
    const key = JSON.stringify([trial.scenario, trial.arm, trial.as, trial.at])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [trial])
    else group.push(trial)
  }
  return [...groups.values()].sort(([a], [b]) =>
    a === undefined || b === undefined ? 0 : compareTrials(a, b),
  )
}

/** `trials`: where the arm's floor may be found. */
export function seriesOfArm(group: readonly Trial[], trials: readonly Trial[]): Series[] {
  const [first] = group
  if (first === undefined) return []
  const { scenario, arm, as, at, axes } = first
  const floorPoints = pointsOverFloor(group, trials)
  return METRIC_IDS.flatMap((metric): Series[] => {
    const measured = metric !== 'times-floor' && group.some(({ values }) => values[metric] !== undefined)
    const points = measured ? group.map(trial => standing(trial, metric)) : null
    const known = metric === 'times-floor' ? floorPoints : points
    if (known === null) return []
    const kept = group.filter((_, index) => known[index]?.value != null)
    return [
      { scenario, arm, as, at, metric, axes, points: known, tooFewPublishes: publishesMissing(metric, kept) },
    ]
  })
}

/** `kept`: the trials that the figure rests on. Where there are none, it is not for want of publishes. */
function publishesMissing(metric: MetricId, kept: readonly Trial[]): string | null {
  const needed = publishesNeeded(metric)
  const publishes = kept.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  return kept.length > 0 && publishes < needed
    ? `too few publishes: ${publishes} of the ${needed} that this percentile needs.`
    : null
}

/** A floor stands in for two techniques, so its figures say for which. */
export function nameOf(metric: MetricId, as: Technique | null): string {
  return as === null ? metric : `${metric}-as-${as}`
}

/** `inRatio`: the value is going to be divided by that of another trial of its block. */
export function standing(trial: Trial, metric: MetricId, inRatio = false): Point {
  const { block } = trial
  if (trial.verdict === 'failed') return { block, value: null, verdict: 'failed', reasons: trial.reasons }
  const concerned = trial.checks.filter(({ concerns }) => concerns === 'all' || concerns.includes(metric))
  const verdict = worst(
    concerned.map(check => (inRatio && check.absolute === true ? flagged(check) : check.verdict)),
  )
  const value = trial.values[metric]
  return {
    block,
    value: verdict === 'refused' || value === undefined || !Number.isFinite(value) ? null : value,
    verdict,
    reasons: concerned.flatMap(({ reason }) => reason ?? []),
  }
}

function flagged({ verdict }: Pick<Check, 'verdict'>): Verdict {
  return verdict === 'refused' ? 'flagged' : verdict
}

/** CPU of the technique ÷ CPU of its floor, paired within each block; `null` where no floor was planned. */
function pointsOverFloor(group: readonly Trial[], trials: readonly Trial[]): Point[] | null {
  const { arm, as, at, scenario } = group[0] ?? {}
  if (scenario !== 'delivery' || as !== null || arm === undefined || arm === 'tcp' || arm === 'http')
    return null
  const metric = FLOOR_METRIC[arm]
  const floors = trials.filter(trial => trial.scenario === scenario && trial.as === arm && trial.at === at)
  return group.map(trial => {
    const { block } = trial
    const floor = floors.find(candidate => candidate.block === block)
    const own = standing(trial, metric, true)
    if (floor === undefined) {
      return {
        block,
        value: null,
        verdict: 'refused',
        reasons: ['The floor was not measured in this block.'],
      }
    }
    const under = standing(floor, metric, true)
    const value = own.value === null || under.value === null ? null : own.value / under.value
    const impossible = value !== null && value < 1
    return {
      block,
      value,
      verdict: worst([own.verdict, under.verdict, impossible ? 'flagged' : 'ok']),
      reasons: [
        ...own.reasons,
        ...under.reasons.map(reason => `floor: ${reason}`),
        ...(impossible ? ['Below its floor in some block, which nothing can be: so much is noise.'] : []),
      ],
    }
  })
}

function compareTrials(a: Trial, b: Trial): number {
  return (
    SCENARIO_IDS.indexOf(a.scenario) - SCENARIO_IDS.indexOf(b.scenario) ||
    readersOf(a) - readersOf(b) ||
    placeOf(a) - placeOf(b) ||
    LABELS.compare(a.at ?? '', b.at ?? '') ||
    ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm) ||
    LABELS.compare(a.as ?? '', b.as ?? '')
  )
}

/** Of a sweep: 1,000 come after 200, whatever their names are. */
function readersOf({ axes }: Trial): number {
  const { readers } = axes
  return typeof readers === 'number' ? readers : 0
}

/** Its turn on the axis that the scenario sweeps, as the table of scenarios has it. */
function placeOf({ scenario, at }: Trial): number {
  const arms = SCENARIOS.find(({ id }) => id === scenario)?.arms ?? []
  return arms.findIndex(plan => (plan.at?.label ?? null) === at)
}
