/** Two runs on a terminal: columns of text, one block of lines for each scenario. */
import { formatSpan, formatValue, NOTHING } from '../../client/run/format.ts'
import { bandFor } from '../../client/run/noise.ts'
import {
  armName,
  claimText,
  factSentence,
  metricTitle,
  placeLabel,
  runText,
  scenarioTitle,
} from '../../client/run/text/en.ts'
import type { NoiseBand } from '../../server/protocol/run.ts'
import type { RunComparison, RunRow } from '../judge/comparison/compare-runs.ts'
import { isMetricId, metricOf } from '../scenarios/metrics.ts'

const words = runText.compare

export function renderComparison({ a, b, warnings, rows }: RunComparison): string {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))]
  const sections = [
    [words.side('A', a.id, a.blocks), words.side('B', b.id, b.blocks)],
    warnings.map(warning => words.warning(factSentence(warning))),
    renderBands(a.bands, b.bands),
    ...scenarios.map(scenario => [
      scenarioTitle(scenario),
      ...columns([words.heads, ...rows.filter(row => row.scenario === scenario).map(cellsOf)]),
    ]),
    [words.caution],
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function cellsOf(row: RunRow): string[] {
  const { arm, as, at, metric, a, b, ratio, interval, obstacle } = row
  const unit = isMetricId(metric) ? metricOf(metric).unit : ''
  const range = interval === null ? '' : ` (${formatSpan(interval)})`
  const claim = claimText(row, runText.pair.a)
  return [
    armName(arm, as),
    at === null ? '' : placeLabel(at),
    runText.barsTitle(metricTitle(metric), unit),
    a === null ? NOTHING : formatValue(a),
    b === null ? NOTHING : formatValue(b),
    ratio === null ? NOTHING : `${formatValue(ratio)}${range}`,
    obstacle === null ? claim : `${claim}: ${factSentence(obstacle)}`,
  ]
}

function renderBands(a: readonly NoiseBand[], b: readonly NoiseBand[]): string[] {
  if (a.length + b.length === 0) return [words.noBands]
  const keys = new Map(
    [...a, ...b].map(({ scenario, metric }) => [`${scenario} ${metric}`, { scenario, metric }]),
  )
  const said = (
    bands: readonly NoiseBand[],
    { scenario, metric }: Pick<NoiseBand, 'scenario' | 'metric'>,
  ) => {
    const band = bandFor(bands, scenario, metric)
    const { band: span, pairs } = runText.comparisons
    return band === null ? NOTHING : `${span(band.share)} (${pairs(band.n)})`
  }
  return columns([
    [words.bandHead, runText.pair.a, runText.pair.b],
    ...[...keys.values()].map(key => [
      `${scenarioTitle(key.scenario)}: ${metricTitle(key.metric)}`,
      said(a, key),
      said(b, key),
    ]),
  ])
}

/** Padded to the widest cell of each column, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map(row => (row[index] ?? '').length)))
  return rows.map(row =>
    `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
  )
}
