import type { TechniqueTraffic, Traffic } from '../../../../server/protocol/api.ts'
import type { Technique } from '../../../../server/protocol/techniques.ts'

/** What one delivered event cost this page, as the server counted it at its sockets. */
export interface CostPerEvent {
  /** Requests per delivered event. */
  readonly requests: number
  /** Bytes per delivered event, both directions, HTTP and WebSocket framing included, TCP/IP not. */
  readonly bytes: number
}

export interface TrafficWindow {
  add(atMs: number, traffic: TechniqueTraffic): void
  /** Over the window; `null` when nothing was delivered in it. */
  costPerEvent(technique: Technique): CostPerEvent | null
}

/** Differences between the newest counters and those of `windowMs` ago (or the oldest there are). */
export function createTrafficWindow(windowMs: number): TrafficWindow {
  let readings: { readonly atMs: number; readonly traffic: TechniqueTraffic }[] = []

  return { add, costPerEvent }

  function add(atMs: number, traffic: TechniqueTraffic): void {
    const newest = readings.at(-1)
    if (newest !== undefined && wasReset(newest.traffic, traffic)) readings = []
    readings.push({ atMs, traffic })
    while ((readings[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - windowMs) readings.shift()
  }

  function costPerEvent(technique: Technique): CostPerEvent | null {
    const oldest = readings[0]?.traffic[technique]
    const newest = readings.at(-1)?.traffic[technique]
    if (oldest === undefined || newest === undefined) return null
    const deliveries = newest.deliveries - oldest.deliveries
    if (deliveries <= 0) return null
    return {
      requests: (newest.requests - oldest.requests) / deliveries,
      bytes: (allBytes(newest) - allBytes(oldest)) / deliveries,
    }
  }
}

function allBytes(traffic: Traffic): number {
  return traffic.bytesIn + traffic.payloadBytesOut + traffic.headerBytesOut + traffic.framingBytesOut
}

/** Counters only grow; one that shrank was set back to zero by a reset or a restart of the server. */
function wasReset(before: TechniqueTraffic, after: TechniqueTraffic): boolean {
  return Object.values(before).some((traffic, index) => {
    const present = Object.values(after)[index]
    return (
      present === undefined || allBytes(present) < allBytes(traffic) || present.requests < traffic.requests
    )
  })
}
