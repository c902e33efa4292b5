import { NOTHING } from '../../run/format.ts'
import type { Cell, Figure, FigureCell, Row, Table } from '../../run/table.ts'
import { runText, verdictText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES, shapeIcon } from '../shared/identity.ts'

/** Where the notes of one table stand on the page: marks lead to them, and they lead back to their first mark. */
interface Marks {
  readonly mark: (letter: string) => HTMLElement
  readonly noteId: (letter: string) => string
  readonly markId: (letter: string) => string
}

/** A table in a box that scrolls by itself, and right below it why figures in it are doubted. */
export function drawTable(table: Table, kind = ''): readonly HTMLElement[] {
  const marks = marksOf(table.id)
  const heads = table.columns.map(({ text, unit, metric }) =>
    element(
      'th',
      { scope: 'col', ...(metric !== undefined && { 'data-metric': metric }) },
      text,
      ...(unit === undefined ? [] : [' ', element('span', { class: 'muted' }, unit)]),
    ),
  )
  const drawn = element(
    'table',
    { class: `metric-table ${kind}`.trim() },
    ...(table.caption === null ? [] : [element('caption', {}, table.caption)]),
    element('thead', {}, element('tr', {}, ...heads)),
    ...drawBodies(table, marks),
  )
  const box = element(
    'div',
    { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': table.name },
    drawn,
  )
  if (table.notes.length === 0) return [box]
  const notes = table.notes.map(({ letter, text }) =>
    element(
      'li',
      { id: marks.noteId(letter), tabindex: -1 },
      element('b', {}, letter),
      element('span', {}, text),
      element(
        'a',
        { class: 'mark', href: `#${marks.markId(letter)}`, 'aria-label': runText.back(letter) },
        '↩',
      ),
    ),
  )
  return [box, element('ul', { class: 'notes', 'aria-label': runText.notes }, ...notes)]
}

function marksOf(table: string): Marks {
  const marked = new Set<string>()
  const noteId = (letter: string) => `note-${table}-${letter}`
  const markId = (letter: string) => `mark-${table}-${letter}`
  return {
    noteId,
    markId,
    mark(letter) {
      const first = !marked.has(letter)
      marked.add(letter)
      const attributes = { class: 'mark', href: `#${noteId(letter)}`, 'aria-label': runText.note(letter) }
      return element('a', { ...attributes, ...(first && { id: markId(letter) }) }, letter)
    },
  }
}

function drawBodies({ columns, rows }: Table, marks: Marks): readonly HTMLElement[] {
  const groups = [...new Set(rows.map(({ group = null }) => group))]
  return groups.map(group => {
    const heading =
      group === null
        ? []
        : [
            element(
              'tr',
              { class: 'place' },
              element('th', { scope: 'rowgroup', colspan: columns.length }, element('span', {}, group)),
            ),
          ]
    const own = rows.filter(row => (row.group ?? null) === group)
    return element('tbody', {}, ...heading, ...own.map(row => drawRow(row, marks)))
  })
}

function drawRow({ name, arm, group, cells }: Row, marks: Marks): HTMLElement {
  const named =
    arm === undefined ? name : element('span', { class: 'arm' }, shapeIcon(ARM_IDENTITIES[arm]), name)
  return element(
    'tr',
    arm === undefined ? {} : { 'data-arm': arm, 'data-at': group ?? '' },
    element('th', { scope: 'row' }, named),
    ...cells.map(cell => drawCell(cell, marks)),
  )
}

function drawCell(cell: Cell, marks: Marks): HTMLElement {
  if (typeof cell === 'string') {
    return cell === '' ? element('td', { class: 'muted' }, NOTHING) : element('td', {}, cell)
  }
  if ('number' in cell) return element('td', { class: 'number' }, cell.number)
  if ('figures' in cell) return drawFigures(cell, marks)
  const { words, verdict, claim, small } = cell
  const said =
    verdict === undefined || verdict === 'ok'
      ? words
      : element('span', { class: 'verdict', 'data-verdict': verdict }, words)
  const below = small.map(line => element('small', {}, line))
  return element('td', claim === undefined ? {} : { 'data-claim': claim }, said, ...below)
}

function drawFigures({ figures, step, together }: FigureCell, marks: Marks): HTMLElement {
  const heading =
    together === undefined
      ? []
      : [
          element(
            'div',
            { class: 'standing' },
            ...(together.ratio === null ? [] : [element('strong', { class: 'number' }, together.ratio), ' ']),
            element('span', { class: 'ratio' }, together.words),
          ),
        ]
  const attributes = {
    ...(together !== undefined && { 'data-standing': together.standing }),
    ...(step !== undefined && { 'data-step': step }),
  }
  return element('td', attributes, ...heading, ...figures.map(figure => drawFigure(figure, marks)))
}

function drawFigure(figure: Figure, marks: Marks): HTMLElement {
  const { verdict, notes } = figure
  const doubt =
    verdict === 'ok'
      ? []
      : [
          element(
            'small',
            { class: 'verdict' },
            verdictText(verdict),
            ' ',
            ...notes.map(({ letter }) => marks.mark(letter)),
          ),
        ]
  const lines =
    figure.of === null ? drawValue(figure) : [element('small', { class: 'number' }, ofOne(figure))]
  return element('div', { class: 'measurement', 'data-verdict': verdict }, ...lines, ...doubt)
}

/** In a table of one run: the value large, and below it how far it may be trusted. */
function drawValue({ value, rank, spread, trials, interval }: Figure): readonly HTMLElement[] {
  if (value === null) return []
  return [
    element(
      'div',
      { class: 'value number' },
      element('strong', {}, value),
      ...(rank === null ? [] : [' ', element('span', { class: 'ratio' }, rank)]),
    ),
    element('small', { class: 'number' }, [spread, trials].filter(part => part !== null).join(', ')),
    ...(interval === null ? [] : [element('small', { class: 'number' }, interval)]),
  ]
}

/** In a table of two runs: one line for each. */
function ofOne({ of, value, interval, trials }: Figure): string {
  if (value === null) return of ?? ''
  return `${of} ${value}${interval === null ? '' : ` (${interval})`}, ${trials}`
}
