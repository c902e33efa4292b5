import type { SummaryRow } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element } from '../element.ts'
import { formatRatio, formatValue } from '../format.ts'
import type { FigureNotes } from './figure-notes.ts'
import type { KnownRun } from './known-run.ts'
import { higherIsBetter } from './metric.ts'
import { metricTables } from './metric-table.ts'
import { noiseOf } from './noise.ts'
import { type Rank, rank } from './rank.ts'
import { peersOf, type ScenarioTable } from './scenario-table.ts'

/** The figures of one scenario, each coloured by its ratio to the best, and their doubts right below. */
export function ratioTables(run: KnownRun, table: ScenarioTable): readonly HTMLElement[] {
  const ranks = ranksOf(run, table)
  return metricTables(table, notes => cell => {
    const rows = cell.flat()
    const step = rows.map(row => ranks.get(row)?.step).find(each => each !== undefined)
    return element(
      'td',
      step === undefined ? {} : { 'data-step': step },
      ...rows.map(row => drawFigure(row, ranks.get(row) ?? null, notes)),
    )
  })
}

function ranksOf(run: KnownRun, table: ScenarioTable): ReadonlyMap<SummaryRow, Rank> {
  const ranks = new Map<SummaryRow, Rank>()
  for (const [index, { metric }] of table.columns.entries()) {
    for (const peers of peersOf(table)) {
      const rows = peers.flatMap(peer => peer.cells[index]?.flat() ?? [])
      const values = rows.map(row => row.value)
      const ranked = rank(values, noiseOf(run, table.scenario, metric), higherIsBetter(metric))
      for (const [place, row] of rows.entries()) {
        const own = ranked[place]
        if (own != null) ranks.set(row, own)
      }
    }
  }
  return ranks
}

function drawFigure(row: SummaryRow, ranked: Rank | null, notes: FigureNotes): HTMLElement {
  const shown = element('div', { class: 'measurement', 'data-verdict': row.verdict })
  if (row.value !== null) {
    shown.append(
      element(
        'div',
        { class: 'value number' },
        element('strong', {}, formatValue(row.value)),
        ...(ranked === null ? [] : [' ', element('span', { class: 'ratio' }, sayRank(ranked))]),
      ),
      element('small', { class: 'number' }, saySpread(row)),
    )
    if (row.interval !== null) {
      const { low, high } = row.interval
      shown.append(
        element('small', { class: 'number' }, text.results.interval(formatValue(low), formatValue(high))),
      )
    }
  }
  shown.append(...notes.marks(row))
  return shown
}

function saySpread(row: SummaryRow): string {
  const spread =
    row.low === null || row.high === null
      ? []
      : [text.results.spread(formatValue(row.low), formatValue(row.high))]
  return [...spread, text.results.trials(row.n)].join(', ')
}

function sayRank({ place, ratio }: Rank): string {
  if (ratio === null) return text.results.rank.bestIsZero
  return text.results.rank[place](`${formatRatio(ratio)}×`)
}
