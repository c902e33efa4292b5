/** The metrics a run can report: name, unit, how it is read, and how many publishes it takes to say it. */
export interface Metric {
  readonly title: string
  readonly unit: string
  /**
   * For percentiles: the share of publishes beyond it. A sample is a publish, not a delivery (the deliveries of
   * one broadcast are not independent), and ten must lie beyond a percentile for it to be said.
   */
  readonly shareBeyond?: number
  /** Whether arms are held against each other by it. Parts of another metric, extremes and ratios are not. */
  readonly compares?: true
}

export const PUBLISHES_BEYOND = 10

export const METRICS = {
  'latency-p50': { title: 'delivery latency, median', unit: 'ms', shareBeyond: 0.5, compares: true },
  'latency-p90': { title: 'delivery latency, 90th percentile', unit: 'ms', shareBeyond: 0.1, compares: true },
  'latency-p99': {
    title: 'delivery latency, 99th percentile',
    unit: 'ms',
    shareBeyond: 0.01,
    compares: true,
  },
  /** Of what theory predicts by its mean: a wait that is drawn evenly. Never shown without the percentiles. */
  'latency-mean': { title: 'delivery latency, mean', unit: 'ms' },
  'latency-max': { title: 'delivery latency, maximum', unit: 'ms' },
  /** Part of the latency: the source's own lateness. */
  'schedule-lag-p50': { title: 'schedule lag of the source, median', unit: 'ms', shareBeyond: 0.5 },
  'schedule-lag-max': { title: 'schedule lag of the source, maximum', unit: 'ms' },
  'delivery-p99': { title: '99 % of all deliveries within', unit: 'ms' },
  'completion-p50': { title: 'last sentinel served, median', unit: 'ms', shareBeyond: 0.5, compares: true },
  'completion-p90': { title: 'last sentinel served, 90th percentile', unit: 'ms', shareBeyond: 0.1 },
  'completion-p99': { title: 'last sentinel served, 99th percentile', unit: 'ms', shareBeyond: 0.01 },
  'completion-max': { title: 'last sentinel served, maximum', unit: 'ms' },
  completeness: { title: 'delivered ÷ expected', unit: 'ratio' },
  lost: { title: 'deliveries lost', unit: 'n' },
  repeated: { title: 'deliveries repeated', unit: 'n' },
  disordered: { title: 'deliveries out of order', unit: 'n' },
  'cpu-per-delivery': { title: 'server CPU per delivery', unit: 'µs', compares: true },
  'cpu-per-request': { title: 'server CPU per answered request', unit: 'µs' },
  'times-floor': { title: 'CPU ÷ physical floor', unit: '×' },
  'requests-per-event': { title: 'requests per delivered event', unit: 'n', compares: true },
  'wire-down': { title: 'bytes down per delivered event', unit: 'B', compares: true },
  'wire-payload': { title: '… of which event text', unit: 'B' },
  'wire-framing': { title: '… of which framing', unit: 'B' },
  'wire-headers': { title: '… of which headers', unit: 'B' },
  'wire-up': { title: 'bytes up per delivered event', unit: 'B', compares: true },
  'capacity-deliveries': { title: 'deliveries at the limit', unit: '/s', compares: true },
  'capacity-events': { title: 'events at the limit', unit: '/s' },
  'capacity-cpu': { title: 'server CPU per delivery at the limit', unit: 'µs', compares: true },
  'idle-requests': { title: 'requests per connection and quiet minute', unit: 'n', compares: true },
  'idle-bytes': { title: 'bytes per connection and quiet minute, both ways', unit: 'B', compares: true },
  'idle-cpu': { title: 'server CPU per connection and quiet minute', unit: 'µs', compares: true },
  'burst-p50': {
    title: 'the last event of a burst at its last sentinel, median',
    unit: 'ms',
    shareBeyond: 0.5,
    compares: true,
  },
  'burst-max': { title: 'the last event of a burst at its last sentinel, maximum', unit: 'ms' },
  'return-p50': { title: 'connect to caught up, median', unit: 'ms', compares: true },
  'return-p90': { title: 'connect to caught up, 90th percentile', unit: 'ms', compares: true },
  'return-max': { title: 'connect to caught up, maximum', unit: 'ms' },
  'cpu-per-return': { title: 'server CPU per reader who returns and catches up', unit: 'µs', compares: true },
  'held-per-slow-reader': {
    title: 'memory of the server per reader who stopped reading, at most',
    unit: 'KB',
    compares: true,
  },
  'slow-readers-cut': { title: 'readers who stopped reading that the server cut', unit: 'ratio' },
  'cut-after-max': { title: 'stopped reading to cut, maximum', unit: 'ms' },
  'cut-after': { title: 'stopped reading to cut, median', unit: 'ms', compares: true },
  'throughput-empty': { title: 'polls with nothing new (304)', unit: '/s' },
  'throughput-full': { title: 'polls with a full batch (200)', unit: '/s' },
  'throughput-cannon': { title: 'polls with nothing new (200), by autocannon', unit: '/s' },
  'throughput-fleet': { title: 'the same by the fleet', unit: '/s' },
  'instruments-agree': { title: 'polls by autocannon ÷ polls by the fleet', unit: 'ratio' },
  'cpu-per-request-empty': { title: 'server CPU per poll with nothing new', unit: 'µs' },
  'cpu-per-request-full': { title: 'server CPU per poll with a full batch', unit: 'µs' },
  'cpu-per-opening': { title: 'server CPU per connection opened for one poll', unit: 'µs' },
  'connect-p50': { title: 'connect to first byte, median', unit: 'ms', compares: true },
  'connect-p90': { title: 'connect to first byte, 90th percentile', unit: 'ms', compares: true },
  'connect-max': { title: 'connect to first byte, maximum', unit: 'ms' },
  'cpu-per-connection': { title: 'server CPU per accepted connection', unit: 'µs', compares: true },
  'cpu-per-closing': { title: 'server CPU per connection that closes', unit: 'µs', compares: true },
  'memory-per-connection': { title: 'RSS per idle connection, after GC', unit: 'KB', compares: true },
  'heap-per-connection': { title: '… of which heap', unit: 'KB' },
  'external-per-connection': { title: '… of which external', unit: 'KB' },
  'kernel-per-connection': { title: "the kernel's socket buffers, both ends", unit: 'KB' },
} as const satisfies Record<string, Metric>

export type MetricId = keyof typeof METRICS

export const METRIC_IDS = Object.keys(METRICS) as MetricId[]

const TIME_UNITS: readonly string[] = ['ms', 'µs', '/s', '×']

/** What a busy host falsifies: times, and what is made of them. Bytes, counts and memory stand whatever it does. */
export const TIMED_METRICS: readonly MetricId[] = Object.entries(METRICS)
  .filter(([, { unit }]) => TIME_UNITS.includes(unit))
  .map(([id]) => id as MetricId)

export function isMetricId(name: string): name is MetricId {
  return Object.hasOwn(METRICS, name)
}

/** How many publishes, over all trials, a metric needs before it may be said; 0 for none. */
export function publishesNeeded(id: MetricId): number {
  const metric: Metric = METRICS[id]
  return metric.shareBeyond === undefined ? 0 : Math.ceil(PUBLISHES_BEYOND / metric.shareBeyond - 1e-9)
}
