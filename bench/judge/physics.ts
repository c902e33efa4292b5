/** The physics that only a run as a whole can check, since one trial measures the floor of another. */
import { median } from 'simple-statistics'
import { placeKey } from '../../server/protocol/run.ts'
import { isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import { floorOf } from '../scenarios/scenario.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import { checkBroadcastMedian } from './checks.ts'
import { judgeTrial, type Trial } from './result.ts'

/**
 * Adds to each trial of a stream the check of its median against the cost of a write: what a delivery cost the floor in
 * this run, at the median, and at the same place of a sweep where it was measured there. Without that floor there is
 * nothing to compare with.
 */
export function withPhysics(trials: readonly Trial[]): Trial[] {
  return trials.map(trial => {
    const p50Ms = trial.values['latency-p50']
    const { readers } = trial.axes
    const writeUs = costOfWriteUs(trial, trials)
    if (
      trial.verdict === 'failed' ||
      p50Ms === undefined ||
      typeof readers !== 'number' ||
      writeUs === null
    ) {
      return trial
    }
    const check = checkBroadcastMedian(p50Ms, readers, writeUs)
    // A run that was judged before has it already.
    const others = trial.checks.filter(({ code }) => code !== check.code)
    return judgeTrial({ ...trial, checks: [...others, check] })
  })
}

function costOfWriteUs({ arm, scenario, at }: Trial, trials: readonly Trial[]): number | null {
  const technique = TECHNIQUES.find(name => name === arm)
  const steady = SCENARIOS.some(({ id, kind }) => id === scenario && kind === 'delivery')
  if (technique === undefined || !isStream(technique) || !steady) return null
  const floors = trials.filter(
    trial => trial.arm === floorOf(technique) && trial.as === technique && trial.verdict !== 'refused',
  )
  // A write costs less where there are more readers to write to.
  const beside = floors.filter(floor => floor.scenario === scenario && placeKey(floor.at) === placeKey(at))
  const costsUs = (beside.length > 0 ? beside : floors)
    .flatMap(({ values }) => values['cpu-per-delivery'] ?? [])
    .filter(us => us > 0)
  return costsUs.length === 0 ? null : median(costsUs)
}
