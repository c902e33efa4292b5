/** Each technique against the reference arm of the same scenario and place, block by block. */
import { bandFor } from '../../../client/run/noise.ts'
import { type Comparison, type NoiseBand, placeKey } from '../../../server/protocol/run.ts'
import { createRandom } from '../../processes/random.ts'
import { METRICS } from '../../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../../scenarios/scenario.ts'
import type { Trial } from '../result.ts'
import { type Series, seriesOf } from '../series.ts'
import { judgePairs, notClaimed } from '../statistics/claim.ts'

/** `seed`: the run's, so that the intervals are the same each time. */
export function compareArms(
  trials: readonly Trial[],
  bands: readonly NoiseBand[],
  seed: number,
): Comparison[] {
  const all = seriesOf(trials).filter(series => series.as === null && isCompared(series))
  return all.flatMap(series => {
    const { scenario, at, metric, arm } = series
    const reference = all.find(other => other.arm === REFERENCE_ARM && isSamePlace(other, series))
    if (arm === REFERENCE_ARM || reference === undefined) return []
    const tooFew = series.tooFewPublishes ?? reference.tooFewPublishes
    const band = bandFor(bands, scenario, metric)
    const finding =
      tooFew === null
        ? judgePairs(pair(reference, series), { band, random: createRandom(seed) })
        : notClaimed(tooFew, 0, band)
    return [{ scenario, at, metric, arm, reference: REFERENCE_ARM, ...finding }]
  })
}

/** Behind the link the server process runs the link as well, so its CPU says nothing about the technique. */
function isCompared({ metric, axes }: Series): boolean {
  const { compares, subject } = METRICS[metric]
  const behindLink = typeof axes['distanceMs'] === 'number'
  return compares && !(behindLink && subject === 'cost')
}

export function isSamePlace(a: Series, b: Series): boolean {
  return a.scenario === b.scenario && placeKey(a.at) === placeKey(b.at) && a.metric === b.metric
}

/** The blocks in which both were measured. */
function pair(reference: Series, other: Series): (readonly [number, number])[] {
  return other.points.flatMap(({ block, value }) => {
    const partner = reference.points.find(point => point.block === block)?.value ?? null
    return value === null || partner === null ? [] : [[partner, value] as const]
  })
}
