/** The parts of one fleet, in processes of their own, counted together. */
import type { FleetCounts, Places, StalledCounts } from './fleet.ts'
import type { Deliveries } from './ledger.ts'

export function mergeCounts(parts: readonly FleetCounts[]): FleetCounts {
  const total = (of: (part: FleetCounts) => number) => parts.reduce((sum, part) => sum + of(part), 0)
  return {
    ...mergeDeliveries(parts),
    ...mergePlaces(parts),
    asks: total(({ asks }) => asks),
    answers: total(({ answers }) => answers),
    abandoned: total(({ abandoned }) => abandoned),
    reads: total(({ reads }) => reads),
    bytesIn: total(({ bytesIn }) => bytesIn),
    bytesOut: total(({ bytesOut }) => bytesOut),
  }
}

export function mergeStalled(parts: readonly StalledCounts[]): StalledCounts {
  const times = parts.map(({ closedAfterMs }) => closedAfterMs)
  return {
    ...mergeDeliveries(parts),
    ...mergePlaces(parts),
    closedAfterMs: times.includes(null) ? null : times.flatMap(of => of ?? []),
  }
}

function mergeDeliveries(parts: readonly Readonly<Deliveries>[]): Deliveries {
  const whole = { delivered: 0, repeated: 0, disordered: 0, missing: 0 }
  for (const part of parts) {
    whole.delivered += part.delivered
    whole.repeated += part.repeated
    whole.disordered += part.disordered
    whole.missing += part.missing
  }
  return whole
}

function mergePlaces(parts: readonly Places[]): Places {
  return {
    lowestPlace: Math.min(...parts.map(({ lowestPlace }) => lowestPlace)),
    began: parts.reduce((sum, { began }) => sum + began, 0),
    readers: parts.reduce((sum, { readers }) => sum + readers, 0),
  }
}
