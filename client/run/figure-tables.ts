/** The figures of one scenario as tables: arms down, metrics across, cut by what the metrics speak of. */
import { BLOCKS_FOR_A_CLAIM, type Run, type SummaryRow } from '../../server/protocol/run.ts'
import { formatRatio } from './format.ts'
import { type Standing, standing } from './noise.ts'
import { type Notes, notesOf } from './notes.ts'
import { rankingOf, stepOf, type Unranked } from './ranking.ts'
import { type ArmRow, isPlace, type MetricColumn, partsOf, type ScenarioTable } from './scenario-table.ts'
import { type Cell, type FigureCell, figureOf, type Row, type Table } from './table.ts'
import { armName, metricTitle, placeLabel, runText, tableTitle } from './text/en.ts'

/** What stands in one cell: for each run, all rows that there are. */
type MakeCell = (cell: readonly (readonly SummaryRow[])[], column: MetricColumn, notes: Notes) => FigureCell

export interface FigureTables {
  readonly tables: readonly Table[]
  /** Whether any figure has a rank. */
  readonly ranked: boolean
  /** Why some figures have no rank, once for the whole scenario; empty if all have one. */
  readonly unranked: string
}

/** Of one run: each figure that has a rank comes with its ratio to the best. */
export function figureTables(run: Pick<Run, 'bands'>, table: ScenarioTable): FigureTables {
  const { ranks, unranked } = rankingOf(run, table)
  const tables = tablesOf(table, (cell, _column, notes) => {
    const rows = cell.flat()
    const step = rows.map(row => ranks.get(row)?.step).find(each => each !== undefined)
    const figures = rows.map(row => figureOf(row, notes, { rank: ranks.get(row) ?? null }))
    return { figures, ...(step !== undefined && { step }) }
  })
  return { tables, ranked: ranks.size > 0, unranked: unrankedText(unranked) }
}

function unrankedText({ trials, pairs, bound, belowNothing }: Unranked): string {
  const words = runText.unranked
  const named = (metrics: readonly string[], say: (names: string) => string) =>
    metrics.length === 0 ? [] : [say(metrics.map(metricTitle).join(', '))]
  return [
    ...(trials === null ? [] : [words.trials(...trials, BLOCKS_FOR_A_CLAIM)]),
    ...named(pairs, names => words.pairs(names, BLOCKS_FOR_A_CLAIM)),
    ...named(bound, words.bound),
    ...named(belowNothing, words.belowNothing),
  ].join(' ')
}

export interface Pair {
  readonly runs: readonly [a: Pick<Run, 'bands'>, b: Pick<Run, 'bands'>]
  readonly sameAxes: boolean
  readonly sameCircumstances: boolean
}

/** Of two runs: each figure of B divided by that of A. */
export function pairTables(pair: Pair, table: ScenarioTable): readonly Table[] {
  const words = runText.pair
  return tablesOf(table, ([ofA = [], ofB = []], { metric, better }, notes) => {
    const stands = standing(ofA[0], ofB[0], { ...pair, scenario: table.scenario, metric, better })
    const side = (of: string, other: string, rows: readonly SummaryRow[]) =>
      rows.length === 0 ? [absent(words.only(other))] : rows.map(row => figureOf(row, notes, { of }))
    return {
      figures: [...side(words.a, words.b, ofA), ...side(words.b, words.a, ofB)],
      together: {
        standing: stands.name,
        ratio: stands.ratio === null ? null : `${formatRatio(stands.ratio)}×`,
        words: standingText(stands),
      },
      ...((stands.name === 'better' || stands.name === 'worse') && {
        step: `${stands.name}-${stepOf(Math.abs(Math.log(stands.ratio)))}`,
      }),
    }
  })
}

function standingText(stands: Standing): string {
  const words = runText.pair
  if (stands.name === 'equal') return words.equal(stands.noise)
  return stands.name === 'not-claimed' ? words.notClaimed[stands.why] : words.standing[stands.name]
}

function absent(of: string) {
  return {
    of,
    value: null,
    rank: null,
    spread: null,
    interval: null,
    trials: null,
    verdict: 'ok',
    notes: [],
  } as const
}

function tablesOf(whole: ScenarioTable, makeCell: MakeCell): readonly Table[] {
  return partsOf(whole).map(({ subject, columns, rows, scenario, swept }) => {
    const notes = notesOf(rows.flatMap(({ cells }) => cells.flat(2)))
    const caption = subject === null ? null : tableTitle(scenario, subject)
    const rowOf = (row: ArmRow): Row => ({
      name: nameOf(row, swept),
      arm: row.arm,
      group: swept && row.at !== null ? placeLabel(row.at) : null,
      cells: columns.map((column, index): Cell => {
        const cell = row.cells[index] ?? []
        return cell.every(of => of.length === 0) ? '' : makeCell(cell, column, notes)
      }),
    })
    return {
      id: [scenario, ...(subject === null ? [] : [subject])].join('-'),
      caption,
      name: runText.tableOf(scenario, caption),
      columns: [
        { text: runText.arm },
        ...columns.map(({ metric, unit }) => ({ text: metricTitle(metric), unit, metric })),
      ],
      rows: rows.map(rowOf),
      notes: notes.list,
    }
  })
}

/** Where each place has one arm only, it is part of the name. */
function nameOf({ arm, as, at }: ArmRow, swept: boolean): string {
  return at === null || swept ? armName(arm, as) : `${armName(arm, as)}, ${placeLabel(at)}`
}

/** The row of one arm at one place, of one metric. */
export function findRow(
  rows: readonly SummaryRow[],
  { scenario, arm, at, metric }: Pick<SummaryRow, 'scenario' | 'arm' | 'at' | 'metric'>,
): SummaryRow | undefined {
  return rows.find(
    row =>
      row.scenario === scenario &&
      row.arm === arm &&
      row.as === null &&
      row.metric === metric &&
      isPlace(row.at, at),
  )
}
