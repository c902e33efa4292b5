/** Two runs on a terminal: columns of text, one block of lines for each scenario. */
import type { NoiseBand } from '../../server/protocol/run.ts'
import { percent } from '../judge/checks.ts'
import type { RunComparison, RunRow } from '../judge/comparison/compare-runs.ts'
import { formatNumber } from './figure.ts'

const CAUTION =
  'Two runs lie hours or days apart, and the A/A band, taken within blocks, does not know how the machine changed meanwhile. Repeat A to see how far A is from A.'

export function renderComparison({ a, b, warnings, rows }: RunComparison): string {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))]
  const sections = [
    [`A  ${a.id}, ${a.blocks} blocks`, `B  ${b.id}, ${b.blocks} blocks`],
    warnings.map(warning => `! ${warning}`),
    renderBands(a.bands, b.bands),
    ...scenarios.map(scenario => [
      scenario,
      ...columns([
        ['arm', 'at', 'metric', 'A', 'B', 'B ÷ A', 'verdict'],
        ...rows.filter(row => row.scenario === scenario).map(cellsOf),
      ]),
    ]),
    [CAUTION],
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function cellsOf({ arm, at, metric, unit, a, b, ratio, interval, sentence }: RunRow): string[] {
  const range = interval === null ? '' : ` (${interval.low.toFixed(2)}–${interval.high.toFixed(2)})`
  return [
    arm,
    at ?? '',
    `${metric}, ${unit}`,
    a === null ? '—' : formatNumber(a),
    b === null ? '—' : formatNumber(b),
    ratio === null ? '—' : `${ratio.toFixed(2)}${range}`,
    sentence,
  ]
}

function renderBands(a: readonly NoiseBand[], b: readonly NoiseBand[]): string[] {
  if (a.length + b.length === 0) return ['A/A bands: neither run had the reference arm twice in a block.']
  const keys = new Set([...a, ...b].map(({ scenario, metric }) => `${scenario} ${metric}`))
  const said = (bands: readonly NoiseBand[], key: string) => {
    const band = bands.find(({ scenario, metric }) => `${scenario} ${metric}` === key)
    return band === undefined ? '—' : `± ${percent(Math.expm1(band.share))} (${band.n} pairs)`
  }
  return columns([['A/A band', 'A', 'B'], ...[...keys].map(key => [key, said(a, key), said(b, key)])])
}

/** Padded to the widest cell of each column, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map(row => (row[index] ?? '').length)))
  return rows.map(row =>
    `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
  )
}
