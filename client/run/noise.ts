/** When two figures may be called different: one set of rules, for the page, the report and the bench. */
import { BLOCKS_FOR_A_CLAIM, type NoiseBand, type Run, type SummaryRow } from '../../server/protocol/run.ts'

/** |ln ratio|: no smaller difference is claimed, however quiet the machine. */
const SMALLEST_CLAIM = Math.log(1.02)
/** How fast the machine is cancels out in these. */
const RELATIVE = ['times-floor', 'completeness']

type Bands = Pick<Run, 'bands'>

/** `null`: unknown. The band of another scenario does not help: the same metric is another quantity there. */
export function bandFor(bands: readonly NoiseBand[], scenario: string, metric: string): NoiseBand | null {
  return bands.find(band => band.scenario === scenario && band.metric === metric) ?? null
}

/** How far two figures must lie apart, as |ln ratio|, before they are called different. */
export function bandToExceed(band: NoiseBand | null): number {
  return Math.max(band?.share ?? 0, SMALLEST_CLAIM)
}

export function isRelative(metric: string): boolean {
  return RELATIVE.includes(metric)
}

/** What may be said of a figure of run B beside the same figure of run A. */
export type Standing =
  | { readonly name: 'equal' | 'better' | 'worse' | 'apart'; readonly ratio: number; readonly noise: number }
  | { readonly name: 'not-claimed'; readonly ratio: number; readonly why: Obstacle }
  /** There is no ratio: a figure is missing, or one is zero and the other is not. */
  | { readonly name: 'none'; readonly ratio: null }

/** Why no difference is claimed: axes or circumstances differ, too few blocks or A/A pairs, or the intervals meet. */
export type Obstacle = 'axes' | 'circumstances' | 'blocks' | 'pairs' | 'overlap'

export interface Sides {
  readonly runs: readonly [a: Bands, b: Bands]
  readonly scenario: string
  readonly metric: string
  /** `null` where neither direction is better. */
  readonly better: 'lower' | 'higher' | null
  readonly sameAxes: boolean
  /** Machine, Node and tier. */
  readonly sameCircumstances: boolean
}

const NONE: Standing = { name: 'none', ratio: null }

/**
 * The rules of `npm run bench:compare`, which tests the trials themselves. Here only the intervals of the two medians
 * are at hand and must lie apart, so what is claimed here is claimed there.
 */
export function standing(a: SummaryRow | undefined, b: SummaryRow | undefined, sides: Sides): Standing {
  if (a?.value == null || b?.value == null) return NONE
  const ratio = a.value === b.value ? 1 : b.value / a.value
  if (!(ratio > 0) || !Number.isFinite(ratio)) return NONE
  const { runs, scenario, metric, better } = sides
  const notClaimed = (why: Obstacle): Standing => ({ name: 'not-claimed', ratio, why })
  if (!sides.sameAxes) return notClaimed('axes')
  if (!sides.sameCircumstances && !isRelative(metric)) return notClaimed('circumstances')
  const bands = runs.map(run => bandFor(run.bands, scenario, metric))
  const noise = Math.max(...bands.map(bandToExceed))
  if (Math.abs(Math.log(ratio)) <= noise) return { name: 'equal', ratio, noise }
  if (Math.min(a.n, b.n) < BLOCKS_FOR_A_CLAIM) return notClaimed('blocks')
  if (bands.some(band => (band?.n ?? 0) < BLOCKS_FOR_A_CLAIM)) return notClaimed('pairs')
  if (!areApart(a, b)) return notClaimed('overlap')
  if (better === null) return { name: 'apart', ratio, noise }
  return { name: ratio > 1 === (better === 'higher') ? 'better' : 'worse', ratio, noise }
}

function areApart({ interval: a }: SummaryRow, { interval: b }: SummaryRow): boolean {
  return a !== null && b !== null && (a.low > b.high || b.low > a.high)
}
