import type { SummaryRow } from '../../server/protocol.ts'

/** Three significant digits, no exponent: `0.0421`, `4.21`, `42.1`, `4210`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1
  return value.toFixed(Math.min(6, Math.max(0, 3 - digits)))
}

/** `4.21 (3.98–4.40)`; a dash with its verdict where there is no number, a mark where the reasons should be read. */
export function formatFigure(row: SummaryRow | undefined): string {
  if (row === undefined) return ''
  if (row.value === null) return `— ${row.verdict}`
  const spread =
    row.low === null || row.high === null ? '' : ` (${formatNumber(row.low)}–${formatNumber(row.high)})`
  return `${formatNumber(row.value)}${spread}${row.verdict === 'flagged' ? ' ◔' : ''}`
}

export function findRow(
  rows: readonly SummaryRow[],
  scenario: string,
  arm: string,
  metric: string,
): SummaryRow | undefined {
  return rows.find(row => row.scenario === scenario && row.arm === arm && row.metric === metric)
}
