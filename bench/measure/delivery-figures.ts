/** From the readings around one window to figures and doubts. Pure: what it is given, it could be given again. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { independentWaits, predictMeanLatencyMs, predictRequestsPerEvent } from '../../client/theory.ts'
import type { ClockReading, Traffic } from '../../server/protocol/api.ts'
import type { Arm } from '../../server/protocol/run.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { FleetCounts } from '../fleet/fleet.ts'
import { deliveriesTaken, type FleetCost } from '../fleet/fleet-cost.ts'
import type { LatencyRecord } from '../fleet/latencies.ts'
import {
  type Check,
  checkAboveIdle,
  checkBytes,
  checkComplete,
  checkConnections,
  checkDraws,
  checkLatencyFloor,
  checkLoadUtilization,
  checkOffered,
  checkPollMean,
  checkSchedule,
  checkSettled,
} from '../judge/checks.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { ProbeReading, ScheduleLag } from '../subjects/probe.ts'
import { bytesDown } from './bytes-down.ts'
import { type ClockEstimate, clockDriftMs } from './clock-offset.ts'
import { cpuMsBetween } from './cpu-between.ts'
import type { Measurement } from './measurement.ts'
import type { Books, LoadWork, OnMs, Reading } from './session.ts'

export interface DeliveryRecord {
  readonly arm: Arm
  /** Of a floor: the technique that it stands in for. */
  readonly technique: Technique
  /** The `tcp` floor's bytes per event; `null` for every other arm. */
  readonly pushedBytes: number | null
  readonly axes: DeliveryAxes
  readonly onMs: OnMs
  /** The middle of it. */
  readonly publishedMs: number
  /** Of an ask by the link, or from afar, that is answered at once; else 0. */
  readonly roundTripMs: number
  /** The source's lateness in the window; `null`: not known. */
  readonly scheduleLag: ScheduleLag | null
  /** Whether there is a probe in the server, that knows its CPU. */
  readonly probed: boolean
  readonly idleCpuShare: number
  readonly loadUtilization: number
  readonly loadWork: LoadWork
  /** `null`: not measured. */
  readonly fleetCost: FleetCost | null
  /** How many load processes there were. */
  readonly loadProcesses: number
  /** With a part of the readers open, and with all, at rest after GC; `null` where it is not asked. */
  readonly memory: { readonly part: MemoryReading; readonly all: MemoryReading } | null
  /** At rest, before and after all that was published. */
  readonly before: Reading & Books
  readonly after: Reading & Books
  /** The window, while the source was on. */
  readonly from: Reading
  readonly half: Reading
  readonly to: Reading
  readonly latencies: LatencyRecord
  readonly failures: readonly string[]
  readonly clocks: readonly [before: ClockReading | ClockEstimate, after: ClockReading | ClockEstimate]
}

export interface MemoryReading {
  readonly connections: number
  readonly probe: ProbeReading
}

type Values = Measurement['values']

/** The two clocks of `/api/clock` are read this closely together; a drift beyond it widens the uncertainty. */
const CLOCK_UNCERTAINTY_MS = 0.05

export function deliveryFigures(record: DeliveryRecord): Measurement {
  const { arm, technique, axes, before, from, half, to, after, latencies } = record
  const isFloor = arm === 'tcp' || arm === 'http'
  const polls = technique === 'poll' || technique === 'long-poll'
  const units = (counts: FleetCounts) => (polls ? counts.answers : deliveriesIn(counts))
  const cpuMs = cpuBetween(from, to)
  const deliveries = deliveriesIn(to.counts) - deliveriesIn(from.counts)
  const publishes = after.top - before.top
  // The link runs in the server's process and costs more than the server does.
  const cpuKnown = record.probed && axes.distanceMs === null
  const scheduleLagMs = record.scheduleLag?.meanMs ?? 0
  const conditions = {
    eventsPerSecond: technique === 'poll' ? deliveredPerSecond() : (publishes * 1000) / record.publishedMs,
    roundTripMs: record.roundTripMs,
    scheduleLagMs,
  }
  const predictedMs = isFloor ? null : predictMeanLatencyMs(technique, axes, conditions)
  const predictedRequests = isFloor ? null : predictRequestsPerEvent(technique, axes, conditions)
  const latency = isFloor ? {} : latencyFigures()

  const checks: Check[] = [checkConnections(record.failures), checkLoadUtilization(record.loadUtilization)]
  if (cpuKnown) {
    checks.push(checkSettled(drift()))
    checks.push(
      checkAboveIdle(cpuMs, to.probe.cpuMs - from.probe.cpuMs, ['cpu-per-delivery', 'cpu-per-request']),
    )
  }
  if (record.fleetCost !== null && !isFloor) {
    const { reads, delivered, wallMs } = record.loadWork
    checks.push(
      checkOffered((delivered * 1000) / wallMs, deliveriesTaken(record.fleetCost, reads / delivered)),
    )
  }
  if (arm !== 'http') checks.push(checkComplete(tally()))
  if (!isFloor) {
    checks.push(
      axes.timing === 'fixed'
        ? checkSchedule(latencies.intendedAt, publishes, 1000 / axes.eventsPerSecond, {
            least: record.onMs.least - (record.scheduleLag?.maxMs ?? Number.POSITIVE_INFINITY),
            most: record.onMs.most,
          })
        : checkDraws(latencies.intendedAt, publishes, (axes.eventsPerSecond * record.publishedMs) / 1000),
      checkLatencyFloor(latencies.lowestMs, clockUncertaintyMs(record.clocks)),
    )
  }
  if (technique === 'poll' && predictedMs !== null) {
    checks.push(
      checkPollMean(
        latency['latency-mean'] === undefined ? null : latency['latency-mean'] - scheduleLagMs,
        predictedMs - scheduleLagMs,
        independentWaits(axes, publishes),
      ),
    )
  }
  const wire = isFloor ? {} : wireFigures()
  return {
    values: {
      ...latency,
      ...(isFloor ? {} : tallyFigures()),
      ...(arm === 'http' || !cpuKnown ? {} : { 'cpu-per-delivery': (cpuMs * 1000) / deliveries }),
      ...(polls && cpuKnown ? { 'cpu-per-request': cpuPerUnit(from, to) } : {}),
      ...wire,
      ...(record.memory === null
        ? {}
        : { 'memory-per-connection': kbPerConnection(probe => probe.rssBytes) }),
    },
    predictions: {
      ...(predictedMs === null ? {} : { 'latency-mean': predictedMs }),
      ...(predictedRequests === null ? {} : { 'requests-per-event': predictedRequests }),
    },
    checks,
    publishes,
    histograms: isFloor ? {} : { deliveryUs: latencies.deliveryUs, completionUs: latencies.completionUs },
    raw: {
      roundTripMs: record.roundTripMs,
      scheduleLag: record.scheduleLag,
      clockUncertaintyMs: clockUncertaintyMs(record.clocks),
      idleCpuShare: record.idleCpuShare,
      loadUtilization: record.loadUtilization,
      loadProcesses: record.loadProcesses,
      loadCpuUsPerRead: (record.loadWork.cpuMs * 1000) / record.loadWork.reads,
      loadWork: record.loadWork,
      ...(record.memory === null
        ? {}
        : {
            memory: record.memory,
            heapKbPerConnection: kbPerConnection(probe => probe.heapUsedBytes),
            externalKbPerConnection: kbPerConnection(probe => probe.externalBytes),
          }),
      cpuMs,
      deliveries,
      onMs: record.onMs,
      before,
      from,
      half,
      to,
      after,
    },
  }

  /** To each reader, in the window: a poll's asks are counted there alone, so the prediction must be of the same. */
  function deliveredPerSecond(): number {
    return (deliveries * 1000) / (to.probe.monotonicMs - from.probe.monotonicMs) / to.counts.readers
  }

  function cpuBetween(from: Reading, to: Reading): number {
    return cpuMsBetween(from.probe, to.probe, record.idleCpuShare)
  }

  function kbPerConnection(of: (probe: ProbeReading) => number): number {
    if (record.memory === null) return Number.NaN
    const { part, all } = record.memory
    return (of(all.probe) - of(part.probe)) / (all.connections - part.connections) / 1024
  }

  /** Microseconds. */
  function cpuPerUnit(from: Reading, to: Reading): number {
    return (cpuBetween(from, to) * 1000) / (units(to.counts) - units(from.counts))
  }

  /** Of the second half against the first; NaN where one of them had nothing to do, so that its cost is that of nothing. */
  function drift(): number {
    const [first, second] = [cpuPerUnit(from, half), cpuPerUnit(half, to)]
    return Number.isFinite(first) && Number.isFinite(second) ? second / first - 1 : Number.NaN
  }

  function deliveriesIn(counts: FleetCounts): number {
    return record.pushedBytes === null ? counts.delivered : counts.bytesIn / record.pushedBytes
  }

  function tally() {
    const { counts, top } = after
    return { ...counts, delivered: deliveriesIn(counts), expected: counts.readers * top - counts.began }
  }

  function tallyFigures(): Values {
    const { expected, delivered, repeated, disordered } = tally()
    return { completeness: delivered / expected, lost: expected - delivered, repeated, disordered }
  }

  function latencyFigures(): Values {
    if (latencies.samples === 0) return {}
    const delivery = decodeFromCompressedBase64(latencies.deliveryUs)
    const completion = decodeFromCompressedBase64(latencies.completionUs)
    return {
      'latency-p50': delivery.getValueAtPercentile(50) / 1000,
      'latency-p90': delivery.getValueAtPercentile(90) / 1000,
      'latency-p99': delivery.getValueAtPercentile(99) / 1000,
      ...(predictedMs === null ? {} : { 'latency-mean': delivery.mean / 1000 }),
      'latency-max': delivery.maxValue / 1000,
      ...scheduleLagFigures(record.scheduleLag),
      ...(axes.largeFanOut ? { 'delivery-p99': delivery.getValueAtPercentile(99) / 1000 } : {}),
      'completion-p50': completion.getValueAtPercentile(50) / 1000,
      'completion-p90': completion.getValueAtPercentile(90) / 1000,
      'completion-p99': completion.getValueAtPercentile(99) / 1000,
      'completion-max': completion.maxValue / 1000,
    }
  }

  function wireFigures(): Values {
    const [booksBefore, booksAfter] = [before.traffic, after.traffic]
    if (booksBefore === null || booksAfter === null) return {}
    const whole = (key: keyof Traffic) => booksAfter[key] - booksBefore[key]
    const down = bytesDown(booksAfter) - bytesDown(booksBefore)
    const client = exchangeBetween(before, after)
    checks.push(checkBytes('down', down, client.bytesIn), checkBytes('up', whole('bytesIn'), client.bytesOut))

    // Each event is brought once, in the end to everyone. A poll's asks are those of the window: it goes on asking
    // until the last one has the last event, while nothing is published any more.
    const all = deliveriesIn(after.counts) - deliveriesIn(before.counts)
    const payload = whole('payloadBytesOut') / all
    const framing = whole('framingBytesOut') / all
    const { requests, bytesIn, bytesOut } = technique === 'poll' ? exchangeBetween(from, to) : client
    const units = technique === 'poll' ? deliveries : all
    return {
      'wire-down': bytesIn / units,
      'wire-payload': payload,
      'wire-framing': framing,
      'wire-headers':
        technique === 'poll' ? bytesIn / units - payload - framing : whole('headerBytesOut') / all,
      'wire-up': bytesOut / units,
      'requests-per-event': requests / units,
    }
  }
}

function exchangeBetween({ counts: from }: Reading, { counts: to }: Reading) {
  return {
    requests: to.requests - from.requests,
    bytesIn: to.bytesIn - from.bytesIn,
    bytesOut: to.bytesOut - from.bytesOut,
  }
}

/** What the source itself had of the latency, beside it. */
export function scheduleLagFigures(scheduleLag: ScheduleLag | null): Values {
  return scheduleLag === null
    ? {}
    : { 'schedule-lag-p50': scheduleLag.p50Ms, 'schedule-lag-max': scheduleLag.maxMs }
}

/** What is known of the clock at the begin, and how far it has moved by the end. */
function clockUncertaintyMs([before, after]: DeliveryRecord['clocks']): number {
  const driftMs = Math.abs(clockDriftMs(before, after))
  if ('uncertaintyMs' in before) return before.uncertaintyMs + driftMs
  return Math.max(CLOCK_UNCERTAINTY_MS, driftMs)
}
