import { factSentence, placeLabel } from '../../client/run/text/en.ts'
import type { Run, SummaryRow } from '../../server/protocol/run.ts'

type Field = string | number | null

const COLUMNS: readonly (readonly [name: string, of: (row: SummaryRow, metrics: Run['metrics']) => Field])[] =
  [
    ['scenario', row => row.scenario],
    ['arm', row => row.arm],
    ['as', row => row.as],
    ['at', row => row.at && placeLabel(row.at)],
    ['metric', row => row.metric],
    ['unit', (row, metrics) => metrics[row.metric]?.unit ?? null],
    ['value', row => row.value],
    ['bound', row => row.bound],
    ['low', row => row.low],
    ['high', row => row.high],
    ['interval_low', row => row.interval?.low ?? null],
    ['interval_high', row => row.interval?.high ?? null],
    ['n', row => row.n],
    ['verdict', row => row.verdict],
    ['reasons', row => row.reasons.map(factSentence).join(' ')],
  ]

/** Tidy: one line for each scenario, arm, place and metric (RFC 4180). A figure that was refused or failed has no value. */
export function renderCsv({ summary, metrics }: Pick<Run, 'summary' | 'metrics'>): string {
  const lines = summary.map(row => COLUMNS.map(([, of]) => quote(of(row, metrics))).join(','))
  return `${[COLUMNS.map(([name]) => name).join(','), ...lines].join('\r\n')}\r\n`
}

function quote(field: Field): string {
  const text = String(field ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
