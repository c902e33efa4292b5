import { BLOCKS_FOR_A_CLAIM, type Run, type SummaryRow } from '../../server/protocol/run.ts'
import { isLowerBound } from './lower-bound.ts'
import { higherIsBetter } from './metric.ts'
import { noiseOf, pairsOf } from './noise.ts'
import { type Rank, rank } from './rank.ts'
import { peersOf, type ScenarioTable } from './scenario-table.ts'

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
  /** Metrics of which some figures are known from below only. */
  readonly bound: readonly string[]
  /** Metrics whose best figure is less than nothing: it was noise that was measured. */
  readonly belowNothing: readonly string[]
}

type Why = 'pairs' | 'bound' | 'belowNothing'

/** By the rule that holds for claims: none with fewer blocks, nor with fewer A/A pairs, than a claim takes. */
export function rankingOf(run: Pick<Run, 'bands'>, table: ScenarioTable): Ranking {
  const ranks = new Map<SummaryRow, Rank>()
  const few: number[] = []
  const reasons = { pairs: new Set<string>(), bound: new Set<string>(), belowNothing: new Set<string>() }
  for (const [index, { metric }] of table.columns.entries()) {
    for (const peers of peersOf(table)) {
      const figures = peers.flatMap(peer => peer.cells[index]?.flat() ?? []).filter(isFigure)
      if (figures.length < 2) continue
      few.push(...figures.map(({ n }) => n).filter(n => n < BLOCKS_FOR_A_CLAIM))
      const enough = figures.filter(({ n }) => n >= BLOCKS_FOR_A_CLAIM)
      if (enough.length < 2) continue
      const why = obstacleTo(run, table.scenario, metric, enough)
      if (why === null) rankAll(enough, metric)
      else reasons[why].add(metric)
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

  function rankAll(rows: readonly SummaryRow[], metric: string): void {
    const values = rows.map(({ value }) => value)
    const ranked = rank(values, noiseOf(run, table.scenario, metric), higherIsBetter(metric))
    for (const [place, row] of rows.entries()) {
      const own = ranked[place]
      if (own != null) ranks.set(row, own)
    }
  }
}

function isFigure({ value, verdict }: SummaryRow): boolean {
  return value !== null && (verdict === 'ok' || verdict === 'flagged')
}

function obstacleTo(
  run: Pick<Run, 'bands'>,
  scenario: string,
  metric: string,
  figures: readonly SummaryRow[],
): Why | null {
  if (pairsOf(run, scenario, metric) < BLOCKS_FOR_A_CLAIM) return 'pairs'
  // The best may be one of those of which only the least is known.
  if (figures.some(isLowerBound)) return 'bound'
  return figures.some(({ value }) => value !== null && value < 0) ? 'belowNothing' : null
}
