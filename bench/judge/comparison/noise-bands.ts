/** The A/A band: the reference arm ran twice in each block, and whatever lies between the two is noise. */
import type { NoiseBand } from '../../../server/protocol/run.ts'
import { REFERENCE_ARM } from '../../scenarios/scenario.ts'
import type { Trial } from '../result.ts'
import { type Series, seriesOf, twinSeriesOf } from '../series.ts'
import { isSamePlace } from './compare-arms.ts'

/** One for each scenario and metric with twins: the largest |ln ratio| of all pairs, over all places of a sweep. */
export function noiseBands(trials: readonly Trial[]): NoiseBand[] {
  const own = seriesOf(trials).filter(({ arm, as }) => arm === REFERENCE_ARM && as === null)
  const bands = new Map<string, NoiseBand>()
  for (const twin of twinSeriesOf(trials)) {
    const { scenario, metric } = twin
    const shares = pairShares(
      own.find(series => isSamePlace(series, twin)),
      twin,
    )
    if (shares.length === 0) continue
    const key = `${scenario} ${metric}`
    const before = bands.get(key)
    bands.set(key, {
      scenario,
      arm: REFERENCE_ARM,
      metric,
      share: Math.max(before?.share ?? 0, ...shares),
      n: (before?.n ?? 0) + shares.length,
    })
  }
  // A pair with one zero has no ratio, and then it is not known how noisy the figure is.
  return [...bands.values()].filter(({ share }) => Number.isFinite(share))
}

function pairShares(own: Series | undefined, twin: Series): number[] {
  return twin.points.flatMap(({ block, value }) => {
    const partner = own?.points.find(point => point.block === block)?.value ?? null
    if (value === null || partner === null) return []
    if (value === 0 && partner === 0) return [0]
    return [value > 0 && partner > 0 ? Math.abs(Math.log(value / partner)) : Number.POSITIVE_INFINITY]
  })
}
