import { BLOCKS_FOR_A_CLAIM, type SummaryRow } from '../../../server/protocol/run.ts'
import { formatRatio, formatValue } from '../../run/format.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { formatFigure } from '../../run/lower-bound.ts'
import { metricName } from '../../run/metric.ts'
import type { Rank } from '../../run/rank.ts'
import { rankingOf, type Unranked } from '../../run/ranking.ts'
import type { ScenarioTable } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import type { FigureNotes } from './figure-notes.ts'
import { metricTables } from './metric-table.ts'

/** The figures of one scenario, each that has a rank coloured by its ratio to the best, and their doubts right below. */
export function ratioTables(run: KnownRun, table: ScenarioTable): readonly HTMLElement[] {
  const { ranks, unranked } = rankingOf(run, table)
  const tables = metricTables(table, notes => cell => {
    const rows = cell.flat()
    const step = rows.map(row => ranks.get(row)?.step).find(each => each !== undefined)
    return element(
      'td',
      step === undefined ? {} : { 'data-step': step },
      ...rows.map(row => drawFigure(row, ranks.get(row) ?? null, notes)),
    )
  })
  const within = table.swept && ranks.size > 0 ? [runText.scale.swept] : []
  return [
    ...within.map(sentence => element('p', { class: 'read muted' }, sentence)),
    ...sayUnranked(unranked),
    ...tables,
  ]
}

/** Once for the whole scenario: why figures of it have neither a ratio nor a colour. */
function sayUnranked({ trials, pairs, bound, belowNothing }: Unranked): readonly HTMLElement[] {
  const words = runText.unranked
  const named = (metrics: readonly string[], say: (names: string) => string) =>
    metrics.length === 0 ? [] : [say(metrics.map(metricName).join(', '))]
  const sentences = [
    ...(trials === null ? [] : [words.trials(...trials, BLOCKS_FOR_A_CLAIM)]),
    ...named(pairs, names => words.pairs(names, BLOCKS_FOR_A_CLAIM)),
    ...named(bound, words.bound),
    ...named(belowNothing, words.belowNothing),
  ]
  return sentences.length === 0 ? [] : [element('p', { class: 'read muted unranked' }, sentences.join(' '))]
}

function drawFigure(row: SummaryRow, ranked: Rank | null, notes: FigureNotes): HTMLElement {
  const shown = element('div', { class: 'measurement', 'data-verdict': row.verdict })
  if (row.value !== null) {
    shown.append(
      element(
        'div',
        { class: 'value number' },
        element('strong', {}, formatFigure(row, row.value)),
        ...(ranked === null ? [] : [' ', element('span', { class: 'ratio' }, sayRank(ranked))]),
      ),
      element('small', { class: 'number' }, saySpread(row)),
    )
    if (row.interval !== null) {
      const { low, high } = row.interval
      shown.append(
        element('small', { class: 'number' }, runText.interval(formatValue(low), formatValue(high))),
      )
    }
  }
  shown.append(...notes.marks(row))
  return shown
}

function saySpread(row: SummaryRow): string {
  const spread =
    row.low === null || row.high === null ? [] : [runText.spread(formatValue(row.low), formatValue(row.high))]
  return [...spread, runText.trials(row.n)].join(', ')
}

function sayRank({ place, ratio }: Rank): string {
  if (ratio === null) return runText.rank.bestIsZero
  return runText.rank[place](`${formatRatio(ratio)}×`)
}
