/** The counts of one fleet whose readers are shared out among several processes. */
import type { FleetCounts, Places, StalledCounts } from './fleet.ts'
import type { Deliveries } from './ledger.ts'

export function mergeCounts(parts: readonly FleetCounts[]): FleetCounts {
  return {
    ...mergeReceived(parts),
    ...sumOf(parts, 'requests', 'answers', 'abandoned', 'reads', 'bytesIn', 'bytesOut'),
  }
}

export function mergeStalled(parts: readonly StalledCounts[]): StalledCounts {
  const times = parts.map(({ closedAfterMs }) => closedAfterMs)
  return {
    ...mergeReceived(parts),
    closedAfterMs: times.includes(null) ? null : times.flatMap(of => of ?? []),
  }
}

function mergeReceived(parts: readonly (Readonly<Deliveries> & Places)[]): Readonly<Deliveries> & Places {
  return {
    ...sumOf(parts, 'delivered', 'repeated', 'disordered', 'missing', 'began', 'readers'),
    lowestPlace: Math.min(...parts.map(({ lowestPlace }) => lowestPlace)),
  }
}

function sumOf<K extends string>(
  parts: readonly Readonly<Record<K, number>>[],
  ...names: readonly K[]
): Record<K, number> {
  const sums = names.map(name => [name, parts.reduce((sum, part) => sum + part[name], 0)])
  return Object.fromEntries(sums) as Record<K, number>
}
