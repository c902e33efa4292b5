import type { SummaryRow } from '../../server/protocol/run.ts'
import type { Cell } from './block.ts'
import type { Notes } from './notes.ts'

/** Three significant digits, no exponent: `0.0421`, `4.21`, `42.1`, `4210`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1
  return value.toFixed(Math.min(6, Math.max(0, 3 - digits)))
}

/** How a reason begins by which a rate is known from below only: something else was the limit. */
const AT_LEAST = 'At least:'

/** Such a rate is no rank among others: nobody knows how much more it could have been. */
export function isLowerBound({ unit, reasons }: SummaryRow): boolean {
  return unit === '/s' && reasons.some(reason => reason.startsWith(AT_LEAST))
}

/** `4.21 (3.98–4.40)`, or `216` where all trials said the same; a dash with its verdict where there is no number, a mark where the reasons should be read. */
export function formatFigure(row: SummaryRow | undefined): string {
  if (row === undefined) return ''
  if (row.value === null) return formatBare(row)
  const [low, high] = [row.low ?? row.value, row.high ?? row.value].map(formatNumber)
  const spread = row.low === null || low === high ? '' : ` (${low}–${high})`
  return marked(row, `${formatNumber(row.value)}${spread}`)
}

/** The same without the spread. */
export function formatBare(row: SummaryRow): string {
  return row.value === null ? `— ${row.verdict}` : marked(row, formatNumber(row.value))
}

function marked(row: SummaryRow, figure: string): string {
  return `${isLowerBound(row) ? '≥ ' : ''}${figure}${row.verdict === 'flagged' ? ' ◔' : ''}`
}

/** The same with its doubts beside it, and its interval for whoever points at it. */
export function figureCell(row: SummaryRow | undefined, notes: Notes): string | Cell {
  return row === undefined ? '' : cellOf(row, formatFigure(row), notes)
}

/** For a sentence of several figures: `sse 4.21 ◔`. */
export function namedFigure(name: string, row: SummaryRow, notes: Notes): Cell {
  return cellOf(row, `${name} ${formatBare(row)}`, notes)
}

function cellOf(row: SummaryRow, text: string, notes: Notes): Cell {
  const { interval, n, unit } = row
  const trials = n === 1 ? '1 trial' : `${n} trials`
  const range =
    interval === null
      ? 'too few for an interval'
      : `95 % interval of the median ${formatNumber(interval.low)} to ${formatNumber(interval.high)} ${unit}`
  return {
    text,
    notes: notes.numbersOf(row),
    title: [`${trials}, ${range}.`, ...row.reasons].join(' '),
  }
}

export function findRow(
  rows: readonly SummaryRow[],
  scenario: string,
  arm: string,
  at: string | null,
  metric: string,
): SummaryRow | undefined {
  return rows.find(
    row => row.scenario === scenario && row.arm === arm && row.at === at && row.metric === metric,
  )
}
