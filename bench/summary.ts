/** From trials to the rows of a summary: what may be said, and why what may not be said is not. */
import { max, median, min } from 'simple-statistics'
import type { SummaryRow, Technique, Verdict } from '../server/protocol.ts'
import { isMetricId, METRICS, type MetricId, publishesNeeded } from './metric.ts'
import type { Trial } from './result.ts'

/** The unit in which each technique is held against its floor. */
const FLOOR_METRIC: Readonly<Record<Technique, MetricId>> = {
  poll: 'cpu-per-request',
  'long-poll': 'cpu-per-request',
  sse: 'cpu-per-delivery',
  websocket: 'cpu-per-delivery',
}

export function summarize(trials: readonly Trial[]): SummaryRow[] {
  const rows: SummaryRow[] = []
  const compared = trials.filter(({ twin }) => !twin)
  for (const group of groupBy(compared, trial => `${trial.scenario} ${trial.arm} ${trial.as} ${trial.at}`)) {
    const ids = new Set(group.flatMap(trial => Object.keys(trial.values)).filter(isMetricId))
    for (const id of ids) rows.push(summarizeMetric(group, id))
    if (ids.size === 0) rows.push(nothingMeasured(group))
    const ratio = timesFloor(group, trials)
    if (ratio !== null) rows.push(ratio)
  }
  return rows
}

/** What one trial says about one metric. */
function standing(trial: Trial, id: MetricId): { value: number | null; verdict: Verdict; reasons: string[] } {
  if (trial.verdict === 'failed') return { value: null, verdict: 'failed', reasons: [...trial.reasons] }
  const concerned = trial.checks.filter(({ concerns }) => concerns === 'all' || concerns.includes(id))
  const verdicts = concerned.map(({ verdict }) => verdict)
  const verdict = verdicts.includes('refused') ? 'refused' : verdicts.includes('flagged') ? 'flagged' : 'ok'
  const value = trial.values[id]
  return {
    value: verdict === 'refused' || value === undefined || !Number.isFinite(value) ? null : value,
    verdict,
    reasons: concerned.flatMap(({ reason }) => reason ?? []),
  }
}

function summarizeMetric(group: readonly Trial[], id: MetricId): SummaryRow {
  const standings = group.map(trial => standing(trial, id))
  const row = { ...identity(group), metric: nameOf(id, group[0]?.as ?? null), unit: METRICS[id].unit }
  const values = standings.flatMap(({ value }) => value ?? [])
  const publishes = group.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  if (values.length > 0 && publishes < publishesNeeded(id)) {
    const reason = `too few publishes: ${publishes} of the ${publishesNeeded(id)} that this percentile needs.`
    return {
      ...row,
      value: null,
      low: null,
      high: null,
      interval: null,
      n: values.length,
      verdict: 'refused',
      reasons: [reason],
    }
  }
  return { ...row, ...spread(values), ...joint(standings) }
}

/** CPU of the technique ÷ CPU of its floor, paired within each block. */
function timesFloor(group: readonly Trial[], trials: readonly Trial[]): SummaryRow | null {
  const { arm, as, scenario } = group[0] ?? {}
  if (scenario !== 'delivery' || as !== null || arm === undefined || arm === 'tcp' || arm === 'http')
    return null
  const id = FLOOR_METRIC[arm]
  const floors = trials.filter(trial => trial.scenario === scenario && trial.as === arm && !trial.twin)
  const pairs = group.map(trial => {
    const floor = floors.find(({ block }) => block === trial.block)
    const own = standing(trial, id)
    if (floor === undefined)
      return {
        value: null,
        verdict: 'refused' as const,
        reasons: ['The floor was not measured in this block.'],
      }
    const under = standing(floor, id)
    return {
      value: own.value === null || under.value === null ? null : own.value / under.value,
      verdict: worse(own.verdict, under.verdict),
      reasons: [...own.reasons, ...under.reasons.map(reason => `floor: ${reason}`)],
    }
  })
  const row = { ...identity(group), metric: 'times-floor', unit: METRICS['times-floor'].unit }
  return { ...row, ...spread(pairs.flatMap(({ value }) => value ?? [])), ...joint(pairs) }
}

function nothingMeasured(group: readonly Trial[]): SummaryRow {
  const reasons = [...new Set(group.flatMap(trial => trial.reasons))]
  return {
    ...identity(group),
    metric: 'any',
    unit: '',
    value: null,
    low: null,
    high: null,
    interval: null,
    n: 0,
    verdict: 'failed',
    reasons,
  }
}

function identity(group: readonly Trial[]): Pick<SummaryRow, 'scenario' | 'arm' | 'at'> {
  const [first] = group
  if (first === undefined) throw new Error('a group of no trials')
  return { scenario: first.scenario, arm: first.arm, at: first.at }
}

/** A floor stands in for two techniques, so its rows say for which. */
export function nameOf(id: MetricId, as: Technique | null): string {
  return as === null ? id : `${id}-as-${as}`
}

function spread(values: readonly number[]): Pick<SummaryRow, 'value' | 'low' | 'high' | 'interval' | 'n'> {
  if (values.length === 0) return { value: null, low: null, high: null, interval: null, n: 0 }
  const sorted = [...values]
  const several = values.length > 1
  return {
    value: median(sorted),
    low: several ? min(sorted) : null,
    high: several ? max(sorted) : null,
    interval: null,
    n: values.length,
  }
}

/** A value that lost some of its trials is flagged; one that lost all is refused, or failed. */
function joint(standings: readonly { value: number | null; verdict: Verdict; reasons: string[] }[]) {
  const reasons = [...new Set(standings.flatMap(standing => standing.reasons))]
  const lost = standings.filter(({ value }) => value === null).length
  const worst = standings.reduce<Verdict>((before, { verdict }) => worse(before, verdict), 'ok')
  if (lost === 0 || lost === standings.length) return { verdict: worst, reasons }
  return {
    verdict: 'flagged' as const,
    reasons: [`${lost} of ${standings.length} trials are left out.`, ...reasons],
  }
}

const ORDER: readonly Verdict[] = ['ok', 'flagged', 'refused', 'failed']
function worse(a: Verdict, b: Verdict): Verdict {
  return ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return [...groups.values()]
}
