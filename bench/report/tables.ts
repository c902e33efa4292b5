/** Which figures a scenario shows, in which tables: the one place to add to when a scenario or a metric is new. */
import { isMetricId, METRICS, type Metric, type MetricId } from '../scenarios/metrics.ts'
import type { ScenarioId } from '../scenarios/scenario.ts'

/** A technique a row, a metric a column; metrics that were not measured are left out. */
export interface TablePlan {
  readonly title: string
  readonly metrics: readonly MetricId[]
  /** Drawn above the table. */
  readonly chart?: MetricId
  /** What one must know to read it, said below it. */
  readonly note?: string
}

const COLUMNS_MAX = 6

const LATE: TablePlan = {
  title: 'How late',
  metrics: [
    'latency-p50',
    'latency-p90',
    'latency-p99',
    'latency-max',
    'latency-mean',
    'schedule-lag-p50',
    'schedule-lag-max',
    'completion-p50',
    'completion-p90',
    'completion-p99',
    'completion-max',
  ],
  chart: 'latency-p50',
}

const WHOLE: TablePlan = {
  title: 'Whether all of it came',
  metrics: ['completeness', 'lost', 'repeated', 'disordered'],
}

const COST: TablePlan = {
  title: 'What a delivery costs the server',
  metrics: ['cpu-per-delivery', 'cpu-per-request', 'times-floor'],
  chart: 'cpu-per-delivery',
}

const WIRE: TablePlan = {
  title: 'What crosses the wire for it',
  metrics: ['wire-down', 'wire-payload', 'wire-framing', 'wire-headers', 'wire-up', 'requests-per-event'],
  chart: 'wire-down',
}

const TABLES: Readonly<Partial<Record<ScenarioId, readonly TablePlan[]>>> = {
  delivery: [LATE, WHOLE, COST, WIRE],
  sparse: [LATE, WHOLE, COST, WIRE],
  'large-fan-out': [
    {
      title: 'When the last sentinel has it',
      metrics: ['completion-p50', 'completion-p90', 'completion-p99', 'completion-max'],
      chart: 'completion-p50',
    },
    WHOLE,
    {
      ...LATE,
      metrics: [
        'latency-p50',
        'latency-p90',
        'latency-p99',
        'delivery-p99',
        'latency-max',
        'schedule-lag-p50',
        'schedule-lag-max',
      ],
    },
    { title: 'What it costs the server', metrics: ['cpu-per-delivery', 'memory-per-connection'] },
    WIRE,
  ],
  distance: [
    LATE,
    WHOLE,
    { ...WIRE, title: 'What crosses the wire' },
    {
      // No figure of a technique: the link runs in the server's process.
      title: 'What the server and the link spend together',
      metrics: ['cpu-per-delivery', 'cpu-per-request'],
    },
  ],
  'poll-interval': [
    { ...LATE, title: 'How stale' },
    WHOLE,
    { ...COST, title: 'What it costs the server' },
    { ...WIRE, chart: 'requests-per-event' },
  ],
  throughput: [
    {
      title: 'How many polls',
      metrics: [
        'throughput-empty',
        'throughput-full',
        'throughput-cannon',
        'throughput-fleet',
        'instruments-agree',
        'cpu-per-request-empty',
        'cpu-per-request-full',
        'cpu-per-opening',
      ],
      chart: 'throughput-empty',
    },
  ],
  connections: [
    {
      title: 'What a connection costs',
      metrics: ['connect-p50', 'connect-p90', 'connect-max', 'cpu-per-connection', 'cpu-per-closing'],
      chart: 'cpu-per-connection',
    },
    {
      title: 'What it holds',
      metrics: [
        'memory-per-connection',
        'heap-per-connection',
        'external-per-connection',
        'kernel-per-connection',
      ],
      chart: 'memory-per-connection',
    },
  ],
  capacity: [
    {
      title: 'How much, and at what cost',
      metrics: ['capacity-deliveries', 'capacity-events', 'capacity-cpu'],
      chart: 'capacity-deliveries',
    },
  ],
  idle: [
    {
      title: 'What silence costs',
      metrics: ['idle-requests', 'idle-bytes', 'idle-cpu'],
      chart: 'idle-cpu',
    },
  ],
  burst: [
    {
      title: 'When the last sentinel has the last event',
      metrics: ['burst-p50', 'burst-max', 'cpu-per-delivery'],
      chart: 'burst-p50',
    },
  ],
  reconnect: [
    {
      title: 'What a return takes',
      metrics: ['return-p50', 'return-p90', 'return-max', 'cpu-per-return'],
      chart: 'return-p90',
    },
  ],
  'slow-reader': [
    { ...LATE, title: 'What the others notice' },
    {
      title: 'What the slow ones cost, and what becomes of them',
      metrics: ['held-per-slow-reader', 'slow-readers-cut', 'cut-after', 'cut-after-max', 'cpu-per-delivery'],
      note: 'To whoever has stopped reading, the server goes on writing until the kernel’s buffers of both ends are full, and cuts it when its write has then not drained for 10 s. Stopped to cut is both together, and what the buffers hold is the kernel’s memory: it is not in the server’s.',
    },
  ],
}

/** What nobody planned a table for is shown all the same, after the rest. */
export function tablesOf(scenario: string, measured: readonly MetricId[]): TablePlan[] {
  const planned = Object.entries(TABLES).find(([id]) => id === scenario)?.[1] ?? []
  const tables = planned.map(table => ({
    ...table,
    metrics: table.metrics.filter(id => measured.includes(id)),
  }))
  const rest = measured.filter(id => !planned.some(({ metrics }) => metrics.includes(id)))
  const title = planned.length === 0 ? 'What was measured' : 'Also measured'
  for (let from = 0; from < rest.length; from += COLUMNS_MAX) {
    const metrics = rest.slice(from, from + COLUMNS_MAX)
    const chart = metrics.find(id => (METRICS[id] as Metric).compares)
    tables.push({ title: from === 0 ? title : 'And', metrics, ...(chart === undefined ? {} : { chart }) })
  }
  return tables.filter(({ metrics }) => metrics.length > 0)
}

/** `cpu-per-delivery-as-sse` is the metric of a floor that sends SSE's bytes. */
export function titleOf(metric: string): string {
  const [id = '', as] = metric.split('-as-')
  const title = isMetricId(id) ? METRICS[id].title : id
  return as === undefined ? title : `${title}, with the bytes of ${as}`
}

export function columnOf(id: MetricId): string {
  return `${METRICS[id].title}, ${METRICS[id].unit}`
}
