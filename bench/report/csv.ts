import type { SummaryRow } from '../../server/protocol.ts'

const COLUMNS = [
  'scenario',
  'arm',
  'metric',
  'unit',
  'value',
  'low',
  'high',
  'n',
  'verdict',
  'reasons',
] as const

/** Tidy: one line per scenario, arm and metric (RFC 4180). An empty value was refused or failed; the reason stands last. */
export function renderCsv(summary: readonly SummaryRow[]): string {
  const lines = summary.map(row => COLUMNS.map(column => field(row[column])).join(','))
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`
}

function field(value: SummaryRow[(typeof COLUMNS)[number]]): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? value.join(' ') : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
