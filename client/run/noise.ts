import { BLOCKS_FOR_A_CLAIM, type NoiseBand, type Run, type SummaryRow } from '../../server/protocol/run.ts'

/** |ln ratio|: nothing that differs by less is called different, however quiet the run was. */
const LEAST = Math.log(1.02)
/** Where a scenario ran nothing twice, the pairs of this one tell how noisy the machine was. */
const STAND_IN = 'delivery'
/** How fast the machine is cancels out in these. */
const RELATIVE = ['times-floor', 'completeness']

/** How far two figures of one scenario and metric must lie apart, as |ln ratio|, before they are called different. */
export function noiseOf(run: Pick<Run, 'bands'>, scenario: string, metric: string): number {
  return Math.max(LEAST, bandFor(run.bands, scenario, metric)?.share ?? 0)
}

/** How many A/A pairs tell how noisy a figure is. */
export function pairsOf({ bands }: Pick<Run, 'bands'>, scenario: string, metric: string): number {
  return bandFor(bands, scenario, metric)?.n ?? 0
}

function bandFor(bands: readonly NoiseBand[], scenario: string, metric: string): NoiseBand | null {
  const home = bands.some(band => band.scenario === scenario) ? scenario : STAND_IN
  return bands.find(band => band.scenario === home && band.metric === metric) ?? null
}

/** What may be said of one figure of B beside the same of A. */
export type Standing =
  | { readonly name: 'equal' | 'better' | 'worse'; readonly ratio: number; readonly noise: number }
  | { readonly name: 'not-claimed'; readonly ratio: number; readonly why: Obstacle }
  /** There is no ratio: a figure is missing, or one is zero and the other is not. */
  | { readonly name: 'none'; readonly ratio: null }

/** Why no difference is claimed: what was asked differs, or where; too few blocks, or A/A pairs; or intervals meet. */
export type Obstacle = 'axes' | 'circumstances' | 'blocks' | 'pairs' | 'overlap'

export interface Sides {
  readonly runs: readonly [a: Pick<Run, 'bands'>, b: Pick<Run, 'bands'>]
  readonly scenario: string
  readonly metric: string
  readonly higherIsBetter: boolean
  readonly sameAxes: boolean
  /** Machine, Node and tier. */
  readonly sameCircumstances: boolean
}

const NONE: Standing = { name: 'none', ratio: null }

/**
 * The rules of `npm run bench:compare`, but that it has the trials and tests them, while here the intervals of the two
 * medians must lie apart: what is claimed here is claimed there.
 */
export function standing(a: SummaryRow | undefined, b: SummaryRow | undefined, sides: Sides): Standing {
  if (a?.value == null || b?.value == null) return NONE
  const ratio = a.value === b.value ? 1 : b.value / a.value
  if (!(ratio > 0) || !Number.isFinite(ratio)) return NONE
  const { runs, scenario, metric } = sides
  const notClaimed = (why: Obstacle): Standing => ({ name: 'not-claimed', ratio, why })
  if (!sides.sameAxes) return notClaimed('axes')
  if (!sides.sameCircumstances && !RELATIVE.includes(metric)) return notClaimed('circumstances')
  const noise = Math.max(...runs.map(run => noiseOf(run, scenario, metric)))
  if (Math.abs(Math.log(ratio)) <= noise) return { name: 'equal', ratio, noise }
  if (Math.min(a.n, b.n) < BLOCKS_FOR_A_CLAIM) return notClaimed('blocks')
  const pairs = runs.map(run => pairsOf(run, scenario, metric))
  if (Math.min(...pairs) < BLOCKS_FOR_A_CLAIM) return notClaimed('pairs')
  if (!areApart(a, b)) return notClaimed('overlap')
  return { name: ratio > 1 === sides.higherIsBetter ? 'better' : 'worse', ratio, noise }
}

function areApart({ interval: a }: SummaryRow, { interval: b }: SummaryRow): boolean {
  return a !== null && b !== null && (a.low > b.high || b.low > a.high)
}
