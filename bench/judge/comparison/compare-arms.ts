/** Each technique against the reference arm of the same scenario and place, block by block. */
import type { Comparison, NoiseBand } from '../../../server/protocol/run.ts'
import { createRandom } from '../../processes/random.ts'
import { METRICS, type Metric, type MetricId } from '../../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../../scenarios/scenario.ts'
import type { Trial } from '../result.ts'
import { type Series, seriesOf } from '../series.ts'
import { judgePairs, notClaimed } from '../statistics/claim.ts'
import { bandFor } from './noise-bands.ts'

/** `seed`: the run's, so that the intervals can be had again. */
export function compareArms(
  trials: readonly Trial[],
  bands: readonly NoiseBand[],
  seed: number,
): Comparison[] {
  const all = seriesOf(trials).filter(series => series.as === null && compares(series))
  return all.flatMap(series => {
    const { scenario, at, metric, arm } = series
    if (arm === REFERENCE_ARM) return []
    const reference = all.find(
      other =>
        other.arm === REFERENCE_ARM &&
        other.scenario === scenario &&
        other.at === at &&
        other.metric === metric,
    )
    if (reference === undefined) return []
    const tooFew = series.tooFewPublishes ?? reference.tooFewPublishes
    const band = bandFor(bands, scenario, metric)
    const finding =
      tooFew === null
        ? judgePairs(pair(reference, series), { band, than: REFERENCE_ARM, random: createRandom(seed) })
        : notClaimed(tooFew.replace(/\.$/, ''), 0, band)
    return [{ scenario, at, metric, arm, reference: REFERENCE_ARM, ...finding }]
  })
}

/** Behind the link the server process carries the link as well, so its CPU says nothing about the technique. */
function compares({ metric, axes }: Series): boolean {
  const behindLink = typeof axes['distanceMs'] === 'number'
  return isCompared(metric) && !(behindLink && metric.startsWith('cpu-'))
}

export function isCompared(id: MetricId): boolean {
  const metric: Metric = METRICS[id]
  return metric.compares === true
}

/** The blocks in which both were measured. */
function pair(reference: Series, other: Series): (readonly [number, number])[] {
  return other.points.flatMap(({ block, value }) => {
    const partner = reference.points.find(point => point.block === block)?.value ?? null
    return value === null || partner === null ? [] : [[partner, value] as const]
  })
}
