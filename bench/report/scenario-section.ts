/** Everything about one scenario: its figures, its floors, its percentiles, and how each technique compares with SSE. */
import { FLOORS, type SummaryRow } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import { isMetricId, METRICS, type MetricId } from '../scenarios/metrics.ts'
import type { Block, Chart, Table } from './block.ts'
import { comparedBlocks } from './compared.ts'
import { figureCell, findRow, formatBare } from './figure.ts'
import type { Notes } from './notes.ts'
import { percentileBlocks } from './percentiles.ts'
import { predictionBlocks } from './predictions.ts'
import { columnOf, type TablePlan, tablesOf, titleOf } from './tables.ts'

/** One row of a table. */
interface Place {
  readonly technique: Technique
  readonly at: string | null
}

export function scenarioSection(run: BenchRun, scenario: string, question: string, notes: Notes): Block[] {
  const rows = run.summary.filter(row => row.scenario === scenario)
  const places = placesOf(rows)
  const measured = Object.keys(METRICS)
    .filter(isMetricId)
    .filter(id => rows.some(row => row.metric === id && isTechnique(row.arm)))
  return [
    { kind: 'heading', level: 2, text: `${scenario}: ${question}` },
    { kind: 'paragraph', text: `With ${settingsOf(run, scenario).join(', ')}.` },
    ...tablesOf(scenario, measured).flatMap(plan => tableBlocks(rows, places, plan, notes)),
    ...failureBlocks(rows, notes),
    ...floorBlocks(rows, notes),
    ...percentileBlocks(run.trials, scenario),
    ...predictionBlocks(run.trials, scenario, rows, notes),
    ...comparedBlocks(run.comparisons.filter(found => found.scenario === scenario)),
  ]
}

function isTechnique(arm: string): arm is Technique {
  return TECHNIQUES.some(technique => technique === arm)
}

/** In the order of the summary: place by place, and at each the techniques as the lab always orders them. */
function placesOf(rows: readonly SummaryRow[]): Place[] {
  const ats = [...new Set(rows.map(({ at }) => at))]
  return ats.flatMap(at =>
    TECHNIQUES.filter(technique => rows.some(row => row.arm === technique && row.at === at)).map(
      technique => ({ technique, at }),
    ),
  )
}

/** An axis that a sweep sets differs from trial to trial, and is named as such. */
function settingsOf(run: BenchRun, scenario: string): string[] {
  const all = run.trials.filter(trial => trial.scenario === scenario).map(({ axes }) => axes)
  return Object.keys(all[0] ?? {}).map(name => {
    const values = new Set(all.map(axes => String(axes[name] ?? 'none')))
    return values.size > 1 ? `${name} as each row says` : `${name} ${[...values].join()}`
  })
}

function tableBlocks(
  rows: readonly SummaryRow[],
  places: readonly Place[],
  { title, metrics, chart, note }: TablePlan,
  notes: Notes,
): Block[] {
  const [{ scenario } = { scenario: '' }] = rows
  const swept = places.some(({ at }) => at !== null)
  const table: Table = {
    kind: 'table',
    columns: ['technique', ...(swept ? ['at'] : []), ...metrics.map(columnOf)],
    rows: places.map(({ technique, at }) => [
      technique,
      ...(swept ? [at ?? ''] : []),
      ...metrics.map(id => figureCell(findRow(rows, scenario, technique, at, id), notes)),
    ]),
    cells: 'numbers',
  }
  const chartBlocks = chart !== undefined && metrics.includes(chart) ? [chartOf(rows, places, chart)] : []
  const noteBlocks: Block[] = note === undefined ? [] : [{ kind: 'paragraph', text: note }]
  return [{ kind: 'heading', level: 3, text: title }, ...chartBlocks, table, ...noteBlocks]
}

function chartOf(rows: readonly SummaryRow[], places: readonly Place[], id: MetricId): Chart {
  const [{ scenario } = { scenario: '' }] = rows
  const bars = places.flatMap(({ technique, at }) => {
    const row = findRow(rows, scenario, technique, at, id)
    return row === undefined || row.value === null
      ? []
      : [{ technique, at: at ?? '', value: row.value, low: row.low, high: row.high, label: formatBare(row) }]
  })
  return { kind: 'chart', title: METRICS[id].title, unit: METRICS[id].unit, bars }
}

/** Arms of which nothing at all was measured: they have no column to stand in. */
function failureBlocks(rows: readonly SummaryRow[], notes: Notes): Block[] {
  const failed = rows.filter(({ metric }) => !isMetricId(metric.split('-as-')[0] ?? ''))
  if (failed.length === 0) return []
  return [
    { kind: 'heading', level: 3, text: 'Nothing measured' },
    {
      kind: 'table',
      columns: ['arm', 'at', 'figure'],
      rows: failed.map(row => [row.arm, row.at ?? '', figureCell(row, notes)]),
      cells: 'words',
    },
  ]
}

function floorBlocks(rows: readonly SummaryRow[], notes: Notes): Block[] {
  const floors = rows.filter(({ arm, metric }) => FLOORS.some(floor => floor === arm) && metric !== 'any')
  if (floors.length === 0) return []
  const swept = floors.some(({ at }) => at !== null)
  return [
    { kind: 'heading', level: 3, text: 'The physical floors' },
    {
      kind: 'table',
      columns: ['floor', ...(swept ? ['at'] : []), 'metric', 'unit', 'figure'],
      rows: floors.map(row => [
        row.arm,
        ...(swept ? [row.at ?? ''] : []),
        titleOf(row.metric),
        row.unit,
        figureCell(row, notes),
      ]),
      cells: 'words',
    },
  ]
}
