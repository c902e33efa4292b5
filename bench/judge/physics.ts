/** The physics that only a run as a whole can check, since one trial measures the floor that another must not undercut. */
import { median } from 'simple-statistics'
import { SCENARIOS } from '../scenarios/table.ts'
import { checkBroadcastMedian } from './checks.ts'
import type { Trial } from './result.ts'

/**
 * Adds to each broadcast's trial the check of its median against the cost of a write: what a delivery cost the bare
 * TCP floor in this run, at the median, and at the same place of a sweep if it stands there. Without that floor there is nothing to hold it against.
 */
export function withPhysics(trials: readonly Trial[]): Trial[] {
  return trials.map(trial => {
    const p50Ms = trial.values['latency-p50']
    const { readers } = trial.axes
    const writeUs = costOfWriteUs(trial, trials)
    if (p50Ms === undefined || typeof readers !== 'number' || writeUs === null) return trial
    const check = checkBroadcastMedian(p50Ms, readers, writeUs)
    const refused = check.verdict === 'refused' && trial.verdict !== 'failed'
    return {
      ...trial,
      checks: [...trial.checks, check],
      verdict: refused ? 'refused' : trial.verdict,
      reasons: check.reason === null ? trial.reasons : [...trial.reasons, check.reason],
    }
  })
}

function costOfWriteUs({ arm, scenario, at }: Trial, trials: readonly Trial[]): number | null {
  const broadcasts = arm === 'sse' || arm === 'websocket'
  const steady = SCENARIOS.some(({ id, kind }) => id === scenario && kind === 'delivery')
  if (!broadcasts || !steady) return null
  const floors = trials.filter(
    trial => trial.arm === 'tcp' && trial.as === arm && trial.verdict !== 'refused',
  )
  // A write costs less where there are more readers to write to.
  const beside = floors.filter(floor => floor.scenario === scenario && floor.at === at)
  const costsUs = (beside.length > 0 ? beside : floors)
    .flatMap(({ values }) => values['cpu-per-delivery'] ?? [])
    .filter(us => us > 0)
  return costsUs.length === 0 ? null : median(costsUs)
}
