/** What was read around one window of deliveries, and the sums that figures and checks are made of. */
import { predictMeanLatencyMs, predictRequestsPerEvent } from '../../client/theory.ts'
import type { ClockReading } from '../../server/protocol/api.ts'
import { type Arm, FLOORS } from '../../server/protocol/run.ts'
import { asksAtIntervals, isStream, type Technique } from '../../server/protocol/techniques.ts'
import type { FleetCounts } from '../fleet/fleet.ts'
import type { FleetCost } from '../fleet/fleet-cost.ts'
import type { LatencyRecord } from '../fleet/latencies.ts'
import type { DeliveryCounts } from '../judge/checks.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { ProbeReading, ScheduleLag } from '../subjects/probe.ts'
import type { ClockEstimate } from './clock-offset.ts'
import { bytesDownBetween, cpuMsBetween } from './readings.ts'
import type { PublishedWindow, Reading, SubjectCounters } from './session.ts'

export interface DeliveryRecord extends PublishedWindow {
  readonly arm: Arm
  /** Of a floor: the technique that it stands in for. */
  readonly technique: Technique
  /** A floor's bytes per event, if it pushes them; `null` for every other arm. */
  readonly pushedBytes: number | null
  readonly axes: DeliveryAxes
  /** Of a request by the link, or from afar, that is answered at once; else 0. */
  readonly roundTripMs: number
  /** The source's lateness in the window; `null`: not known. */
  readonly scheduleLag: ScheduleLag | null
  /** Whether there is a probe in the server, which knows its CPU. */
  readonly probed: boolean
  readonly idleCpuShare: number
  /** `null`: not measured. */
  readonly fleetCost: FleetCost | null
  readonly loadProcesses: number
  /** With a part of the readers open, and with all, at rest after GC; `null`: not measured. */
  readonly memory: { readonly part: MemoryReading; readonly all: MemoryReading } | null
  /** At rest, before and after all that was published. */
  readonly before: Reading & SubjectCounters
  readonly after: Reading & SubjectCounters
  readonly latencies: LatencyRecord
  readonly failures: readonly string[]
  readonly clocks: readonly [before: ClockReading | ClockEstimate, after: ClockReading | ClockEstimate]
}

interface MemoryReading {
  readonly connections: number
  readonly probe: ProbeReading
}

/** What several figures and checks are made of. */
export interface WindowSums {
  readonly isFloor: boolean
  readonly publishes: number
  /** In the window. */
  readonly deliveries: number
  readonly cpuMs: number
  /** The link runs in the server's process and costs more than the server does. */
  readonly cpuKnown: boolean
  /** CPU microseconds per request answered, or per delivery: in the window, and in its halves. */
  readonly cpuUsPerUnit: number
  readonly cpuUsPerUnitInHalves: readonly [number, number]
  /** Of all deliveries, those before the window included. */
  readonly counts: DeliveryCounts
  readonly scheduleLagMs: number
  readonly predictedMs: number | null
  readonly predictedRequests: number | null
}

export function sumUp(record: DeliveryRecord): WindowSums {
  const { arm, technique, axes, before, from, half, to, after } = record
  const isFloor = FLOORS.some(floor => floor === arm)
  const deliveries = deliveredIn(record, to.counts) - deliveredIn(record, from.counts)
  const publishes = after.top - before.top
  const scheduleLagMs = record.scheduleLag?.meanMs ?? 0
  // The requests of polls are counted in the window only, so the prediction must be for the events of the window.
  const eventsPerSecond = asksAtIntervals(technique)
    ? (deliveries * 1000) / (to.probe.monotonicMs - from.probe.monotonicMs) / to.counts.readers
    : (publishes * 1000) / record.publishedMs
  const conditions = { eventsPerSecond, roundTripMs: record.roundTripMs, scheduleLagMs }
  const { counts, top } = after
  return {
    isFloor,
    publishes,
    deliveries,
    cpuMs: cpuMsBetween(from.probe, to.probe, record.idleCpuShare),
    cpuKnown: record.probed && axes.distanceMs === null,
    cpuUsPerUnit: cpuUsPerUnit(from, to),
    cpuUsPerUnitInHalves: [cpuUsPerUnit(from, half), cpuUsPerUnit(half, to)],
    counts: {
      ...counts,
      delivered: deliveredIn(record, counts),
      expected: counts.readers * top - counts.began,
    },
    scheduleLagMs,
    predictedMs: isFloor ? null : predictMeanLatencyMs(technique, axes, conditions),
    predictedRequests: isFloor ? null : predictRequestsPerEvent(technique, axes, conditions),
  }

  function cpuUsPerUnit(since: Reading, until: Reading): number {
    const cpuMs = cpuMsBetween(since.probe, until.probe, record.idleCpuShare)
    return (cpuMs * 1000) / (unitsIn(until.counts) - unitsIn(since.counts))
  }

  function unitsIn(counts: FleetCounts): number {
    return isStream(technique) ? deliveredIn(record, counts) : counts.answers
  }
}

export function deliveredIn({ pushedBytes }: DeliveryRecord, { delivered, bytesIn }: FleetCounts): number {
  return pushedBytes === null ? delivered : bytesIn / pushedBytes
}

export function exchangeBetween({ counts: from }: Reading, { counts: to }: Reading) {
  return {
    requests: to.requests - from.requests,
    bytesIn: to.bytesIn - from.bytesIn,
    bytesOut: to.bytesOut - from.bytesOut,
  }
}

/** What the server counted from rest to rest; `null`: it does not count. */
export function trafficBetween({ before, after }: DeliveryRecord): { up: number; down: number } | null {
  if (before.traffic === null || after.traffic === null) return null
  return {
    up: after.traffic.bytesIn - before.traffic.bytesIn,
    down: bytesDownBetween(before.traffic, after.traffic),
  }
}
