import type { SummaryRow } from '../../server/protocol/run.ts'

const COLUMNS: readonly (readonly [name: string, of: (row: SummaryRow) => string | number | null])[] = [
  ['scenario', row => row.scenario],
  ['arm', row => row.arm],
  ['at', row => row.at],
  ['metric', row => row.metric],
  ['unit', row => row.unit],
  ['value', row => row.value],
  ['low', row => row.low],
  ['high', row => row.high],
  ['interval_low', row => row.interval?.low ?? null],
  ['interval_high', row => row.interval?.high ?? null],
  ['n', row => row.n],
  ['verdict', row => row.verdict],
  ['reasons', row => row.reasons.join(' ')],
]

/** Tidy: one line per scenario, arm, place and metric (RFC 4180). An empty value was refused or failed; the reason stands last. */
export function renderCsv(summary: readonly SummaryRow[]): string {
  const lines = summary.map(row => COLUMNS.map(([, of]) => field(of(row))).join(','))
  return `${[COLUMNS.map(([name]) => name).join(','), ...lines].join('\r\n')}\r\n`
}

function field(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
