/** Trials, sorted by what they measured: for each arm and metric, what every trial says about it, or why it says nothing. */
import {
  type Arm,
  type Fact,
  FLOORS,
  type Place,
  placeKey,
  type SummaryRow,
  type Verdict,
} from '../../server/protocol/run.ts'
import { isStream, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { fact } from '../facts.ts'
import { METRIC_IDS, type MetricId, publishesNeeded } from '../scenarios/metrics.ts'
import { SCENARIO_IDS } from '../scenarios/scenario.ts'
import { traitsOfCheck, worst } from './checks.ts'
import { judgeChecks, type Trial } from './result.ts'

/** What one trial says about one metric. */
export interface Point extends Pick<SummaryRow, 'bound'> {
  readonly block: number
  /** `null` when refused, failed or not measured. */
  readonly value: number | null
  readonly verdict: Verdict
  readonly reasons: readonly Fact[]
}

export interface Series {
  readonly scenario: Trial['scenario']
  readonly arm: Arm
  /** Of a floor: the technique that it stands in for. */
  readonly as: Technique | null
  readonly at: Place | null
  readonly metric: MetricId
  readonly axes: Trial['axes']
  readonly points: readonly Point[]
  /** Why a percentile is not reported, however many trials have one. */
  readonly tooFewPublishes: Fact | null
}

const ARMS: readonly Arm[] = [...TECHNIQUES, ...FLOORS]

/** All but the twins, which serve the A/A band only. In display order, whatever order they ran in. */
export function seriesOf(trials: readonly Trial[]): Series[] {
  return armsOf(trials).flatMap(group => seriesOfArm(group, trials))
}

/** The same for the twins, as if they were the reference arm. */
export function twinSeriesOf(trials: readonly Trial[]): Series[] {
  const floors = trials.filter(({ as }) => as !== null)
  const twins = trials.filter(({ twin }) => twin).map(trial => ({ ...trial, twin: false }))
  return armsOf(twins).flatMap(group => seriesOfArm(group, floors))
}

/** The trials of each arm at each place, in display order. */
export function armsOf(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<string, Trial[]>()
  for (const trial of trials.filter(({ twin }) => !twin)) {
    const key = JSON.stringify([trial.scenario, trial.arm, trial.as, placeKey(trial.at)])
    groups.set(key, [...(groups.get(key) ?? []), trial])
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
  return METRIC_IDS.flatMap((metric): Series[] => {
    const points = pointsOf(group, metric, trials)
    if (points === null) return []
    const kept = group.filter((_, index) => points[index]?.value != null)
    return [{ scenario, arm, as, at, metric, axes, points, tooFewPublishes: publishesMissing(metric, kept) }]
  })
}

/** `null`: the metric was not measured. */
function pointsOf(group: readonly Trial[], metric: MetricId, trials: readonly Trial[]): Point[] | null {
  if (metric === 'times-floor') return pointsOverFloor(group, trials)
  const measured = group.some(({ values }) => values[metric] !== undefined)
  return measured ? group.map(trial => standing(trial, metric)) : null
}

/** `kept`: the trials behind the figure. Where there are none, publishes are not what is missing. */
function publishesMissing(metric: MetricId, kept: readonly Trial[]): Fact | null {
  const needed = publishesNeeded(metric)
  const publishes = kept.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  return kept.length > 0 && publishes < needed ? fact('too-few-publishes', { publishes, needed }) : null
}

/** `inRatio`: the value is going to be divided by that of another trial of its block. */
export function standing(trial: Trial, metric: MetricId, inRatio = false): Point {
  const { block } = trial
  if (trial.verdict === 'failed') {
    return { block, value: null, verdict: 'failed', reasons: trial.reasons, bound: null }
  }
  const checks = trial.checks
    .filter(({ concerns }) => concerns === 'all' || concerns.includes(metric))
    .map(check =>
      inRatio && traitsOfCheck(check).absolute && check.verdict === 'refused'
        ? { ...check, verdict: 'flagged' as const }
        : check,
    )
  const { verdict, reasons } = judgeChecks(checks)
  const value = trial.values[metric]
  const known = verdict !== 'refused' && value !== undefined && Number.isFinite(value)
  const bound = checks.find(check => check.verdict === 'flagged' && traitsOfCheck(check).bound !== undefined)
  return {
    block,
    value: known ? value : null,
    verdict,
    reasons,
    bound: known && bound !== undefined ? (traitsOfCheck(bound).bound ?? null) : null,
  }
}

/** CPU of the technique ÷ CPU of its floor, paired within each block; `null` where no floor is measured. */
function pointsOverFloor(group: readonly Trial[], trials: readonly Trial[]): Point[] | null {
  const { arm, as, at = null, scenario } = group[0] ?? {}
  const technique = TECHNIQUES.find(name => name === arm)
  if (scenario !== 'delivery' || as !== null || technique === undefined) return null
  const metric = isStream(technique) ? 'cpu-per-delivery' : 'cpu-per-request'
  const floors = trials.filter(
    trial => trial.scenario === scenario && trial.as === technique && placeKey(trial.at) === placeKey(at),
  )
  return group.map(trial => {
    const floor = floors.find(({ block }) => block === trial.block)
    return pointOverFloor(standing(trial, metric, true), floor && standing(floor, metric, true))
  })
}

function pointOverFloor(own: Point, floor: Point | undefined): Point {
  if (floor === undefined) {
    const reasons = [fact('floor-not-measured')]
    return { block: own.block, value: null, verdict: 'refused', reasons, bound: null }
  }
  const value = own.value === null || floor.value === null ? null : own.value / floor.value
  // Nothing costs less than its floor: a ratio below 1 shows how large the noise is.
  const impossible = value !== null && value < 1
  return {
    block: own.block,
    value,
    verdict: worst([own.verdict, floor.verdict, impossible ? 'flagged' : 'ok']),
    reasons: [
      ...own.reasons,
      ...floor.reasons.map(({ code, params }) => ({ code, params: { ...params, of: 'floor' } })),
      ...(impossible ? [fact('below-floor')] : []),
    ],
    bound: null,
  }
}

function compareTrials(a: Trial, b: Trial): number {
  return (
    SCENARIO_IDS.indexOf(a.scenario) - SCENARIO_IDS.indexOf(b.scenario) ||
    readersOf(a) - readersOf(b) ||
    (a.at?.value ?? 0) - (b.at?.value ?? 0) ||
    ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm) ||
    ARMS.indexOf(a.as ?? a.arm) - ARMS.indexOf(b.as ?? b.arm)
  )
}

function readersOf({ axes }: Trial): number {
  const { readers } = axes
  return typeof readers === 'number' ? readers : 0
}
