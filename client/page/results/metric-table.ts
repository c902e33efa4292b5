import type { SummaryRow } from '../../../server/protocol/run.ts'
import { NOTHING } from '../../run/format.ts'
import { metricName, SUBJECTS, type Subject } from '../../run/metric.ts'
import { type Column, placesOf, type ScenarioTable, type TableRow } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES, shapeIcon } from '../shared/identity.ts'
import { createFigureNotes, type FigureNotes } from './figure-notes.ts'

/** What stands in one cell: for each run, all rows that there are. */
export type DrawCell = (cell: readonly (readonly SummaryRow[])[], column: Column) => HTMLElement

/** More than these side by side, and a table is cut by what its metrics speak of. */
const COLUMNS_TOGETHER = 6

/** The tables of one scenario: techniques down, metrics across, place by place if several are measured at each. */
export function metricTables(
  table: ScenarioTable,
  drawerOf: (notes: FigureNotes) => DrawCell,
): readonly HTMLElement[] {
  if (table.columns.length <= COLUMNS_TOGETHER) return withNotes(table, table.columns, null, drawerOf)
  return SUBJECTS.flatMap(subject => {
    const columns = table.columns.filter(column => column.subject === subject)
    return columns.length === 0 ? [] : withNotes(table, columns, subject, drawerOf)
  })
}

/** One table, and right below it why figures of it are doubted. */
function withNotes(
  table: ScenarioTable,
  columns: readonly Column[],
  subject: Subject | null,
  drawerOf: (notes: FigureNotes) => DrawCell,
): readonly HTMLElement[] {
  const shown = table.rows.flatMap(row => columns.flatMap(column => cellOf(table, row, column).flat()))
  const notes = createFigureNotes([table.scenario, ...(subject === null ? [] : [subject])].join('-'), shown)
  const title = subject === null ? null : runText.subject[subject]
  const box = tableBox(table, columns, title, drawerOf(notes))
  return [box, ...notes.list()]
}

function cellOf(table: ScenarioTable, row: TableRow, column: Column): TableRow['cells'][number] {
  return row.cells[table.columns.indexOf(column)] ?? []
}

function tableBox(
  table: ScenarioTable,
  columns: readonly Column[],
  subject: string | null,
  drawCell: DrawCell,
): HTMLElement {
  const drawn = element(
    'table',
    { class: 'metric-table' },
    ...(subject === null ? [] : [element('caption', {}, subject)]),
    element(
      'thead',
      {},
      element('tr', {}, element('th', { scope: 'col' }, runText.arm), ...columns.map(columnHead)),
    ),
    ...bodies(table, columns, drawCell),
  )
  const label = runText.tableOf(table.scenario, subject)
  return element('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': label }, drawn)
}

function columnHead({ metric, unit }: Column): HTMLElement {
  return element(
    'th',
    { scope: 'col', 'data-metric': metric },
    metricName(metric),
    ' ',
    element('span', { class: 'muted' }, unit),
  )
}

function bodies(
  table: ScenarioTable,
  columns: readonly Column[],
  drawCell: DrawCell,
): readonly HTMLElement[] {
  // A floor is measured in CPU alone: in a table about the wire it would be a line of nothing.
  const rows = table.rows.filter(row =>
    columns.some(column => cellOf(table, row, column).some(of => of.length > 0)),
  )
  const draw = (row: TableRow) => drawRow(table, columns, row, drawCell)
  if (!table.swept) return [element('tbody', {}, ...rows.map(draw))]
  return placesOf(table).map(at =>
    element(
      'tbody',
      {},
      element(
        'tr',
        { class: 'place' },
        element('th', { scope: 'rowgroup', colspan: columns.length + 1 }, element('span', {}, at ?? NOTHING)),
      ),
      ...rows.filter(row => row.at === at).map(draw),
    ),
  )
}

function drawRow(
  table: ScenarioTable,
  columns: readonly Column[],
  row: TableRow,
  drawCell: DrawCell,
): HTMLElement {
  const name = row.as === null ? ARM_IDENTITIES[row.arm].name : runText.floorAs(row.arm, row.as)
  return element(
    'tr',
    { 'data-arm': row.arm, 'data-at': row.at ?? '' },
    element(
      'th',
      { scope: 'row' },
      element(
        'span',
        { class: 'arm' },
        shapeIcon(ARM_IDENTITIES[row.arm]),
        row.at === null || table.swept ? name : `${name}, ${row.at}`,
      ),
    ),
    ...columns.map(column => {
      const cell = cellOf(table, row, column)
      return cell.every(of => of.length === 0)
        ? element('td', { class: 'muted' }, NOTHING)
        : drawCell(cell, column)
    }),
  )
}
