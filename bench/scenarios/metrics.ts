/** The metrics that a run can report, in display order. Their titles are in `client/run/text/`. */
import type { MetricDefinition } from '../../server/protocol/run.ts'

export interface Metric extends MetricDefinition {
  /**
   * Of a percentile: the share of publishes beyond it. A sample is a publish, not a delivery (the deliveries of one
   * broadcast are not independent), and ten must lie beyond a percentile before it is reported.
   */
  readonly shareBeyond?: number
}

export const PUBLISHES_BEYOND = 10

export const METRICS = {
  'latency-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true, shareBeyond: 0.5 },
  'latency-p90': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true, shareBeyond: 0.1 },
  'latency-p99': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true, shareBeyond: 0.01 },
  // Only where theory predicts the mean: a wait that is drawn evenly. Never shown without the percentiles.
  'latency-mean': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'latency-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  // Part of the latency: the source's own lateness.
  'schedule-lag-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false, shareBeyond: 0.5 },
  'schedule-lag-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'delivery-p99': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'completion-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true, shareBeyond: 0.5 },
  'completion-p90': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false, shareBeyond: 0.1 },
  'completion-p99': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false, shareBeyond: 0.01 },
  'completion-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  completeness: { unit: 'ratio', better: 'higher', subject: 'lateness', compares: false },
  lost: { unit: 'n', better: 'lower', subject: 'rest', compares: false },
  repeated: { unit: 'n', better: 'lower', subject: 'rest', compares: false },
  disordered: { unit: 'n', better: 'lower', subject: 'rest', compares: false },
  'cpu-per-delivery': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'cpu-per-request': { unit: 'µs', better: 'lower', subject: 'cost', compares: false },
  'times-floor': { unit: '×', better: 'lower', subject: 'cost', compares: false },
  'requests-per-event': { unit: 'n', better: 'lower', subject: 'wire', compares: true },
  'wire-down': { unit: 'B', better: 'lower', subject: 'wire', compares: true },
  'wire-payload': { unit: 'B', better: null, subject: 'wire', compares: false },
  'wire-framing': { unit: 'B', better: 'lower', subject: 'wire', compares: false },
  'wire-headers': { unit: 'B', better: 'lower', subject: 'wire', compares: false },
  'wire-up': { unit: 'B', better: 'lower', subject: 'wire', compares: true },
  'capacity-deliveries': { unit: '/s', better: 'higher', subject: 'rate', compares: true },
  'capacity-events': { unit: '/s', better: 'higher', subject: 'rate', compares: false },
  'capacity-cpu': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'idle-requests': { unit: 'n', better: 'lower', subject: 'wire', compares: true },
  'idle-bytes': { unit: 'B', better: 'lower', subject: 'wire', compares: true },
  'idle-cpu': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'burst-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true, shareBeyond: 0.5 },
  'burst-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'return-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true },
  'return-p90': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true },
  'return-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'cpu-per-return': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'held-per-slow-reader': { unit: 'KB', better: 'lower', subject: 'cost', compares: true },
  'slow-readers-cut': { unit: 'ratio', better: null, subject: 'rest', compares: false },
  'cut-after-max': { unit: 'ms', better: null, subject: 'rest', compares: false },
  'cut-after': { unit: 'ms', better: null, subject: 'rest', compares: true },
  'throughput-empty': { unit: '/s', better: 'higher', subject: 'rate', compares: false },
  'throughput-full': { unit: '/s', better: 'higher', subject: 'rate', compares: false },
  'throughput-cannon': { unit: '/s', better: 'higher', subject: 'rate', compares: false },
  'throughput-fleet': { unit: '/s', better: 'higher', subject: 'rate', compares: false },
  'instruments-agree': { unit: 'ratio', better: null, subject: 'rest', compares: false },
  'cpu-per-request-empty': { unit: 'µs', better: 'lower', subject: 'cost', compares: false },
  'cpu-per-request-full': { unit: 'µs', better: 'lower', subject: 'cost', compares: false },
  'cpu-per-opening': { unit: 'µs', better: 'lower', subject: 'cost', compares: false },
  'connect-p50': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true },
  'connect-p90': { unit: 'ms', better: 'lower', subject: 'lateness', compares: true },
  'connect-max': { unit: 'ms', better: 'lower', subject: 'lateness', compares: false },
  'cpu-per-connection': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'cpu-per-closing': { unit: 'µs', better: 'lower', subject: 'cost', compares: true },
  'memory-per-connection': { unit: 'KB', better: 'lower', subject: 'cost', compares: true },
  'heap-per-connection': { unit: 'KB', better: 'lower', subject: 'cost', compares: false },
  'external-per-connection': { unit: 'KB', better: 'lower', subject: 'cost', compares: false },
  'kernel-per-connection': { unit: 'KB', better: 'lower', subject: 'cost', compares: false },
} as const satisfies Record<string, Metric>

export type MetricId = keyof typeof METRICS

export const METRIC_IDS = Object.keys(METRICS) as MetricId[]

/** The counts of what went wrong with deliveries: they are reported where it refuses everything else. */
export const DELIVERY_COUNTS: readonly MetricId[] = ['completeness', 'lost', 'repeated', 'disordered']

const TIME_UNITS: readonly string[] = ['ms', 'µs', '/s', '×']

/** Times, and what is made of them: a busy host falsifies these. Bytes, counts and memory are right all the same. */
export const TIMED_METRICS: readonly MetricId[] = METRIC_IDS.filter(id =>
  TIME_UNITS.includes(METRICS[id].unit),
)

export function metricOf(id: MetricId): Metric {
  return METRICS[id]
}

export function isMetricId(name: string): name is MetricId {
  return Object.hasOwn(METRICS, name)
}

/** How many publishes, over all trials, a metric needs before it is reported; 0 for none. */
export function publishesNeeded(id: MetricId): number {
  const { shareBeyond } = metricOf(id)
  return shareBeyond === undefined ? 0 : Math.ceil(PUBLISHES_BEYOND / shareBeyond - 1e-9)
}
