/** What a report says, in order: caveats first, then the figures, then why some are missing, then where and how. */
import { type SummaryRow, TECHNIQUES, type Technique } from '../../server/protocol.ts'
import { isMetricId, METRICS, type MetricId } from '../metric.ts'
import type { BenchRun } from '../result.ts'
import { BLOCKS_FOR_A_CLAIM } from '../scenario.ts'
import type { Block, Chart } from './block.ts'
import { chooseByNeed } from './choose-by-need.ts'
import { findRow, formatFigure } from './figure.ts'

/** One table: a technique a row, a metric a column. */
interface TablePlan {
  readonly scenario: string
  readonly title: string
  readonly metrics: readonly MetricId[]
  /** Drawn above the table. */
  readonly chart: MetricId
}

const TABLES: readonly TablePlan[] = [
  {
    scenario: 'delivery',
    title: 'How late',
    metrics: ['latency-p50', 'latency-p90', 'latency-p99', 'latency-max', 'completion-p50', 'completeness'],
    chart: 'latency-p50',
  },
  {
    scenario: 'delivery',
    title: 'What a delivery costs the server',
    metrics: ['cpu-per-delivery', 'cpu-per-request', 'times-floor'],
    chart: 'cpu-per-delivery',
  },
  {
    scenario: 'delivery',
    title: 'What crosses the wire for it',
    metrics: ['wire-down', 'wire-payload', 'wire-framing', 'wire-headers', 'wire-up', 'requests-per-event'],
    chart: 'wire-down',
  },
  {
    scenario: 'throughput',
    title: 'How many polls',
    metrics: [
      'throughput-empty',
      'throughput-full',
      'cpu-per-request-empty',
      'cpu-per-request-full',
      'cpu-per-opening',
    ],
    chart: 'throughput-empty',
  },
  {
    scenario: 'connections',
    title: 'What a connection costs',
    metrics: ['connect-p50', 'connect-p90', 'cpu-per-connection', 'memory-per-connection'],
    chart: 'memory-per-connection',
  },
]

const HOW_TO_READ = [
  'A figure is the median over trials; the smallest and the largest trial stand in brackets.',
  '◔ marks a flagged figure, a dash one that was refused or failed; the reasons stand below.',
  'Latency runs from the intended publish time to the read callback, on one monotonic clock. For polling it is staleness.',
  '× floor compares with the physical floor in the same block: a bare TCP push of the same bytes for the streams, a bare node:http answer of the same head and body for the polls.',
  'Polling brings several events with one answer, so its cost per answer and per delivery differ.',
]

export function reportOf(run: BenchRun): Block[] {
  return [
    { kind: 'heading', level: 1, text: `push-lab bench, ${run.tier} run of ${run.startedAt.slice(0, 16)}Z` },
    { kind: 'list', items: run.caveats },
    { kind: 'heading', level: 2, text: 'How to read it' },
    { kind: 'list', items: HOW_TO_READ },
    ...Object.entries(run.questions).flatMap(([scenario, question]) =>
      scenarioBlocks(run, scenario, question),
    ),
    ...chooseByNeed(run),
    ...doubts(run.summary),
    ...provenance(run),
  ]
}

function scenarioBlocks(run: BenchRun, scenario: string, question: string): Block[] {
  const axes = run.trials.find(trial => trial.scenario === scenario)?.axes ?? {}
  const settings = Object.entries(axes).map(([name, value]) => `${name} ${String(value)}`)
  return [
    { kind: 'heading', level: 2, text: `${scenario}: ${question}` },
    { kind: 'paragraph', text: `With ${settings.join(', ')}.` },
    ...TABLES.filter(table => table.scenario === scenario).flatMap(table => tableBlocks(run.summary, table)),
    ...floorBlocks(run.summary.filter(row => row.scenario === scenario)),
  ]
}

function tableBlocks(
  summary: readonly SummaryRow[],
  { scenario, title, metrics, chart }: TablePlan,
): Block[] {
  const techniques = TECHNIQUES.filter(technique =>
    summary.some(row => row.scenario === scenario && row.arm === technique),
  )
  return [
    { kind: 'heading', level: 3, text: title },
    chartOf(summary, scenario, techniques, chart),
    {
      kind: 'table',
      columns: ['technique', ...metrics.map(id => `${METRICS[id].title}, ${METRICS[id].unit}`)],
      rows: techniques.map(technique => [
        technique,
        ...metrics.map(id => formatFigure(findRow(summary, scenario, technique, id))),
      ]),
      cells: 'numbers',
    },
  ]
}

function chartOf(
  summary: readonly SummaryRow[],
  scenario: string,
  techniques: readonly Technique[],
  id: MetricId,
): Chart {
  const bars = techniques.flatMap(technique => {
    const row = findRow(summary, scenario, technique, id)
    return row === undefined || row.value === null
      ? []
      : [{ technique, value: row.value, low: row.low, high: row.high }]
  })
  return { kind: 'chart', title: METRICS[id].title, unit: METRICS[id].unit, bars }
}

function floorBlocks(rows: readonly SummaryRow[]): Block[] {
  const floors = rows.filter(({ arm }) => arm === 'tcp' || arm === 'http')
  if (floors.length === 0) return []
  return [
    { kind: 'heading', level: 3, text: 'The physical floors' },
    {
      kind: 'table',
      columns: ['floor', 'metric', 'figure'],
      rows: floors.map(row => [row.arm, titleOf(row.metric), `${formatFigure(row)} ${row.unit}`]),
      cells: 'words',
    },
  ]
}

/** `cpu-per-delivery-as-sse` is the metric of a floor that sends SSE's bytes. */
function titleOf(metric: string): string {
  const [id = '', as] = metric.split('-as-')
  const title = isMetricId(id) ? METRICS[id].title : id
  return as === undefined ? title : `${title}, with the bytes of ${as}`
}

/** One line for each reason, with the figures that it speaks about. */
function doubts(summary: readonly SummaryRow[]): Block[] {
  const about = new Map<string, Map<string, string[]>>()
  for (const row of summary) {
    for (const reason of row.reasons) {
      const arms = about.get(reason) ?? new Map<string, string[]>()
      const arm = `${row.scenario} ${row.arm}`
      arms.set(arm, [...(arms.get(arm) ?? []), row.metric])
      about.set(reason, arms)
    }
  }
  if (about.size === 0) return []
  const items = [...about].map(([reason, arms]) => {
    const figures = [...arms].map(
      ([arm, metrics]) => `${arm} (${metrics.length > 4 ? `${metrics.length} figures` : metrics.join(', ')})`,
    )
    return `${reason} Concerns ${figures.join('; ')}.`
  })
  return [
    { kind: 'heading', level: 2, text: 'Doubts' },
    { kind: 'list', items },
  ]
}

function provenance(run: BenchRun): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'Where and how' },
    {
      kind: 'table',
      columns: ['', ''],
      rows: Object.entries(run.provenance).map(([name, value]) => [name, String(value ?? 'unknown')]),
      cells: 'words',
    },
    {
      kind: 'paragraph',
      text: `Every arm ran once per block, in an order drawn from seed ${run.seed}; ${run.blocks} blocks (a claim that two arms differ takes ${BLOCKS_FOR_A_CLAIM}).`,
    },
    { kind: 'list', items: run.order.map((arms, index) => `Block ${index + 1}: ${arms.join(' · ')}`) },
  ]
}
