import { BLOCKS_FOR_A_CLAIM, type Run, type SummaryRow } from '../../server/protocol/run.ts'
import { bandFor, bandToExceed } from './noise.ts'
import { peersOf, type ScenarioTable } from './scenario-table.ts'

/** How one figure stands to the best of those that it is compared with. */
export interface Rank {
  /** Figure ÷ best; `null` where the best is zero and this one is not. */
  readonly ratio: number | null
  /** `level`: no figure is behind, so none is the best. */
  readonly place: 'best' | 'equal' | 'behind' | 'level'
  /** 0 for the best and its equals, to 4: each step of the colour scale. */
  readonly step: number
}

/** Which figures of one scenario have a rank among their peers, and why the others have none. */
export interface Ranking {
  readonly ranks: ReadonlyMap<SummaryRow, Rank>
  readonly unranked: Unranked
}

export interface Unranked {
  /** Fewest and most trials behind a figure that has too few of them. */
  readonly trials: readonly [fewest: number, most: number] | null
  /** Metrics of which too few A/A pairs say how noisy they are. */
  readonly pairs: readonly string[]
  /** Metrics of which some figures are bounds only. */
  readonly bound: readonly string[]
  /** Metrics whose best figure is less than nothing: it was noise that was measured. */
  readonly belowNothing: readonly string[]
}

/** Where each step of the colour scale begins, as a ratio to the best. Those that are equal are step 0. */
export const STEPS_FROM = [1, 1.5, 3, 10] as const

/** By the rule that holds for claims: none with fewer blocks, nor with fewer A/A pairs, than a claim takes. */
export function rankingOf(run: Pick<Run, 'bands'>, table: ScenarioTable): Ranking {
  const ranks = new Map<SummaryRow, Rank>()
  const few: number[] = []
  const reasons = { pairs: new Set<string>(), bound: new Set<string>(), belowNothing: new Set<string>() }
  for (const [index, { metric, better }] of table.columns.entries()) {
    if (better === null) continue
    const band = bandFor(run.bands, table.scenario, metric)
    for (const peers of peersOf(table)) {
      const figures = peers.flatMap(peer => peer.cells[index]?.flat() ?? []).filter(isFigure)
      if (figures.length < 2) continue
      few.push(...figures.map(({ n }) => n).filter(n => n < BLOCKS_FOR_A_CLAIM))
      const enough = figures.filter(({ n }) => n >= BLOCKS_FOR_A_CLAIM)
      if (enough.length < 2) continue
      if ((band?.n ?? 0) < BLOCKS_FOR_A_CLAIM) reasons.pairs.add(metric)
      // A bound may stand for the best figure of all.
      else if (enough.some(({ bound }) => bound !== null)) reasons.bound.add(metric)
      else if (enough.some(({ value }) => value < 0)) reasons.belowNothing.add(metric)
      else {
        const ranked = rank(
          enough.map(({ value }) => value),
          bandToExceed(band),
          better === 'higher',
        )
        for (const [place, row] of enough.entries()) {
          const own = ranked[place]
          if (own != null) ranks.set(row, own)
        }
      }
    }
  }
  return {
    ranks,
    unranked: {
      trials: few.length === 0 ? null : [Math.min(...few), Math.max(...few)],
      pairs: [...reasons.pairs],
      bound: [...reasons.bound],
      belowNothing: [...reasons.belowNothing],
    },
  }
}

function isFigure(row: SummaryRow): row is SummaryRow & { readonly value: number } {
  return row.value !== null && (row.verdict === 'ok' || row.verdict === 'flagged')
}

/**
 * Ranks what has a figure, in the order given; `null` for the rest, and for all where there is nothing to compare.
 * A figure within noise of the next better one shares its step, from the best on.
 */
export function rank(
  values: readonly (number | null)[],
  noise: number,
  higherIsBetter: boolean,
): readonly (Rank | null)[] {
  const figures = values.filter(value => value !== null)
  if (figures.length < 2) return values.map(() => null)
  const sorted = [...new Set(figures)].sort((a, b) => (higherIsBetter ? b - a : a - b))
  const best = sorted[0] ?? 0
  const firstBehind = sorted.findIndex((value, index) => apart(sorted[index - 1] ?? best, value) > noise)
  const ranks = new Map<number, Rank>()
  let before = { value: best, step: 0 }
  for (const [index, value] of sorted.entries()) {
    const step = apart(before.value, value) <= noise ? before.step : stepOf(apart(best, value))
    const ratio = value === best ? 1 : best > 0 ? value / best : null
    ranks.set(value, { ratio, place: placeOf(index), step })
    before = { value, step }
  }
  return values.map(value => (value === null ? null : (ranks.get(value) ?? null)))

  function placeOf(index: number): Rank['place'] {
    if (firstBehind < 0) return 'level'
    if (index >= firstBehind) return 'behind'
    return index === 0 ? 'best' : 'equal'
  }
}

/** |ln ratio|; infinite between zero and anything else. */
function apart(one: number, other: number): number {
  if (one === other) return 0
  const ratio = other / one
  return ratio > 0 ? Math.abs(Math.log(ratio)) : Number.POSITIVE_INFINITY
}

/** 1 to 4. */
export function stepOf(lnRatio: number): number {
  // Ten times is ten times, though ln(1 ÷ 0.1) falls a hair short of ln 10.
  return STEPS_FROM.findLastIndex(from => Math.log(from) <= lnRatio + 1e-9) + 1
}
