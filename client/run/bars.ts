import type { Place, SummaryRow } from '../../server/protocol/run.ts'
import { isFloor, type MetricColumn, type ScenarioTable } from './scenario-table.ts'
import { formatFigure } from './table.ts'
import { metricTitle, placeLabel, runText } from './text/en.ts'

/** The metrics worth a picture; the first that a scenario has are drawn. */
const PICTURED = [
  'latency-p50',
  'connect-p50',
  'burst-p50',
  'return-p90',
  'throughput-empty',
  'throughput-full',
  'capacity-deliveries',
  'capacity-cpu',
  'idle-cpu',
  'idle-bytes',
  'idle-requests',
  'cpu-per-delivery',
  'cpu-per-return',
  'cpu-per-connection',
  'memory-per-connection',
  'held-per-slow-reader',
  'wire-down',
]
const PICTURES = 3

export interface Bars {
  readonly column: MetricColumn
  /** The end of the scale, which begins at zero. */
  readonly highest: number
  /** Techniques only; the value is `null` where there is no number. */
  readonly bars: readonly { readonly at: Place | null; readonly row: SummaryRow }[]
}

/** The pictures of one scenario: bars from zero, place by place. */
export function barsOf(table: ScenarioTable): readonly Bars[] {
  const metrics = table.columns.map(({ metric }) => metric)
  const known = PICTURED.filter(metric => metrics.includes(metric))
  const pictured = (known.length > 0 ? known : metrics).slice(0, PICTURES)
  return table.columns.flatMap((column, index) => {
    if (!pictured.includes(column.metric)) return []
    const bars = table.rows
      .filter(({ arm }) => !isFloor(arm))
      .flatMap(({ at, cells }) => (cells[index]?.flat().slice(0, 1) ?? []).map(row => ({ at, row })))
    if (bars.every(({ row }) => row.value === null)) return []
    const highest = Math.max(...bars.map(({ row }) => Math.max(row.value ?? 0, row.high ?? 0)))
    return [{ column, highest, bars }]
  })
}

/** What the picture shows, in a sentence. */
export function barsLabel({ column, bars }: Bars): string {
  const parts = bars.flatMap(({ at, row }) => {
    const figure = formatFigure(row)
    return figure === null ? [] : [runText.bar(row.arm, at && placeLabel(at), figure)]
  })
  return runText.barsLabel(metricTitle(column.metric), column.unit, parts)
}
