/** A report as data, so that Markdown and HTML say the same. Text is plain: each renderer escapes it its own way. */
import type { Bars } from '../../client/run/bars.ts'
import type { Curve } from '../../client/run/curves.ts'
import type { Cell, Figure, Table } from '../../client/run/table.ts'
import { runText, verdictMark, verdictText } from '../../client/run/text/en.ts'

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  /** Drawn in HTML; in Markdown the table beside it says the same. */
  | { readonly kind: 'bars'; readonly bars: Bars }
  | { readonly kind: 'curves'; readonly curves: readonly Curve[] }

/** A table of words. */
export function tableBlock(
  id: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Block {
  const table: Table = {
    id,
    caption: null,
    name: id,
    columns: columns.map(text => ({ text })),
    rows: rows.map(([name = '', ...cells]) => ({ name, cells })),
    notes: [],
  }
  return { kind: 'table', table }
}

/** A table line by line, as paper has it: the place is a column, and a unit part of its column's head. */
export interface FlatTable {
  readonly heads: readonly string[]
  readonly rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[]
  /** For each head, whether figures stand below it. */
  readonly numeric: readonly boolean[]
}

export function flatten({ columns, rows }: Table): FlatTable {
  const swept = rows.some(({ group }) => group != null)
  const [first = '', ...others] = columns.map(({ text, unit = '' }) =>
    unit === '' ? text : `${text}, ${unit}`,
  )
  const heads = [first, ...(swept ? [runText.place] : []), ...others]
  const flat = rows.map(({ name, group, cells }) => ({
    name,
    cells: swept ? [group ?? '', ...cells] : cells,
  }))
  const numeric = heads.map((_, index) => {
    const cells = flat.map(row => row.cells[index - 1] ?? '').filter(cell => cell !== '')
    return cells.length > 0 && cells.every(cell => typeof cell !== 'string' && !('words' in cell))
  })
  return { heads, rows: flat, numeric }
}

/** What a cell says, without the notes of its figures. */
export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if ('number' in cell) return cell.number
  if ('words' in cell) return [cell.words, ...cell.small].join(', ')
  return cell.figures.map(figureText).join('; ')
}

/** `4.21 (3.98–4.4) ⚑`, or `⊘ refused` where there is no number. */
export function figureText({ value, spread, verdict }: Figure): string {
  if (value === null) return verdictText(verdict)
  return [value, ...(spread === null ? [] : [`(${spread})`]), verdictMark(verdict)].filter(Boolean).join(' ')
}
