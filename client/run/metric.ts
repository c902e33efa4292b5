/** What a metric speaks of: wide tables are cut there. */
export const SUBJECTS = ['lateness', 'rate', 'cost', 'wire', 'rest'] as const
export type Subject = (typeof SUBJECTS)[number]

/** The first that fits. */
const SUBJECT_OF: readonly (readonly [RegExp, Subject])[] = [
  [/(^|-)cpu(-|$)|^(times-floor|memory|heap|kernel|rss)/, 'cost'],
  [/^(wire|bytes|requests)|-(bytes|requests)$/, 'wire'],
  [/^(throughput|capacity)/, 'rate'],
  [
    /^(latency|scheduleLag|delivery-p|completion|completeness|connect|burst|return|catch-up|staleness)/,
    'lateness',
  ],
]
const MORE_IS_BETTER = /^(throughput-|capacity-(deliveries|events)|completeness)/

/** The bench names metrics; those that the page has never heard of are shown like all others, under `rest`. */
export function subjectOf(metric: string): Subject {
  return SUBJECT_OF.find(([pattern]) => pattern.test(metric))?.[1] ?? 'rest'
}

export function higherIsBetter(metric: string): boolean {
  return MORE_IS_BETTER.test(metric)
}

/** The metrics worth a picture, the first three that a scenario has. */
const PICTURED = [
  'latency-p50',
  'connect-p50',
  'burst-p50',
  'throughput-empty',
  'throughput-full',
  'capacity-deliveries',
  'capacity-cpu',
  'idle-cpu',
  'idle-bytes',
  'idle-requests',
  'cpu-per-delivery',
  'cpu-per-connection',
  'memory-per-connection',
  'wire-down',
]
const PICTURES = 3

export function picturedOf(metrics: readonly string[]): readonly string[] {
  const known = PICTURED.filter(metric => metrics.includes(metric))
  return (known.length > 0 ? known : metrics).slice(0, PICTURES)
}

/** `cpu-per-delivery` → `CPU per delivery`. */
export function metricName(metric: string): string {
  return metric
    .replaceAll('-', ' ')
    .replace(/\bcpu\b/, 'CPU')
    .replace(/^times floor$/, 'CPU ÷ floor')
}
