/** From the readings around one window to figures. Pure: the same record gives the same figures. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import type { Traffic } from '../../server/protocol/api.ts'
import { asksAtIntervals, isStream } from '../../server/protocol/techniques.ts'
import type { DeliveryCounts } from '../judge/checks.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import { clockUncertaintyMs } from './clock-offset.ts'
import { deliveryChecks } from './delivery-checks.ts'
import {
  type DeliveryRecord,
  deliveredIn,
  exchangeBetween,
  sumUp,
  type WindowSums,
} from './delivery-record.ts'
import { latencyFigures, scheduleLagFigures } from './latency-figures.ts'
import type { Measurement } from './measurement.ts'

type Values = Measurement['values']

export function deliveryFigures(record: DeliveryRecord): Measurement {
  const { latencies } = record
  const sums = sumUp(record)
  const { isFloor, predictedMs, predictedRequests, publishes } = sums
  const values = {
    ...(isFloor
      ? {}
      : { ...latencyValues(record, sums), ...countValues(sums.counts), ...wireValues(record, sums) }),
    ...costValues(record, sums),
  }
  return {
    values,
    predictions: {
      ...(predictedMs === null ? {} : { 'latency-mean': predictedMs }),
      ...(predictedRequests === null ? {} : { 'requests-per-event': predictedRequests }),
    },
    checks: deliveryChecks(record, sums, values),
    publishes,
    histograms: isFloor ? {} : { deliveryUs: latencies.deliveryUs, completionUs: latencies.completionUs },
    raw: rawOf(record, sums),
  }
}

function latencyValues(
  { latencies, axes, scheduleLag }: DeliveryRecord,
  { predictedMs }: WindowSums,
): Values {
  if (latencies.samples === 0) return {}
  const delivery = decodeFromCompressedBase64(latencies.deliveryUs)
  const completion = decodeFromCompressedBase64(latencies.completionUs)
  return {
    ...latencyFigures(latencies.deliveryUs),
    ...(predictedMs === null ? {} : { 'latency-mean': delivery.mean / 1000 }),
    ...scheduleLagFigures(scheduleLag),
    ...(axes.largeFanOut ? { 'delivery-p99': delivery.getValueAtPercentile(99) / 1000 } : {}),
    'completion-p50': completion.getValueAtPercentile(50) / 1000,
    'completion-p90': completion.getValueAtPercentile(90) / 1000,
    'completion-p99': completion.getValueAtPercentile(99) / 1000,
    'completion-max': completion.maxValue / 1000,
  }
}

function countValues({ expected, delivered, repeated, disordered }: DeliveryCounts): Values {
  return { completeness: delivered / expected, lost: expected - delivered, repeated, disordered }
}

function costValues(
  record: DeliveryRecord,
  { cpuKnown, cpuMs, deliveries, cpuUsPerUnit }: WindowSums,
): Values {
  return {
    // The floor of answers brings no events.
    ...(cpuKnown && record.arm !== 'http' ? { 'cpu-per-delivery': (cpuMs * 1000) / deliveries } : {}),
    ...(cpuKnown && !isStream(record.technique) ? { 'cpu-per-request': cpuUsPerUnit } : {}),
    ...(record.memory === null
      ? {}
      : { 'memory-per-connection': kbPerConnection(record.memory, probe => probe.rssBytes) }),
  }
}

/**
 * Each event is delivered once, in the end to all readers. The requests of polls at intervals are those of the window:
 * polls go on until the last reader has the last event, while nothing is published any more.
 */
function wireValues(record: DeliveryRecord, { deliveries }: WindowSums): Values {
  const { technique, before, from, to, after } = record
  if (before.traffic === null || after.traffic === null) return {}
  const [trafficBefore, trafficAfter] = [before.traffic, after.traffic]
  const all = deliveredIn(record, after.counts) - deliveredIn(record, before.counts)
  const perDelivery = (key: keyof Traffic) => (trafficAfter[key] - trafficBefore[key]) / all
  const payload = perDelivery('payloadBytesOut')
  const framing = perDelivery('framingBytesOut')
  const inWindow = asksAtIntervals(technique)
  const { requests, bytesIn, bytesOut } = inWindow
    ? exchangeBetween(from, to)
    : exchangeBetween(before, after)
  const units = inWindow ? deliveries : all
  return {
    'wire-down': bytesIn / units,
    'wire-payload': payload,
    'wire-framing': framing,
    'wire-headers': inWindow ? bytesIn / units - payload - framing : perDelivery('headerBytesOut'),
    'wire-up': bytesOut / units,
    'requests-per-event': requests / units,
  }
}

function kbPerConnection(
  { part, all }: NonNullable<DeliveryRecord['memory']>,
  bytesOf: (probe: ProbeReading) => number,
): number {
  return (bytesOf(all.probe) - bytesOf(part.probe)) / (all.connections - part.connections) / 1024
}

function rawOf(record: DeliveryRecord, { cpuMs, deliveries }: WindowSums): Measurement['raw'] {
  const { roundTripMs, scheduleLag, idleCpuShare, loadUtilization, loadProcesses, loadWork, memory } = record
  const { onMs, before, from, half, to, after } = record
  return {
    roundTripMs,
    scheduleLag,
    clockUncertaintyMs: clockUncertaintyMs(record.clocks),
    idleCpuShare,
    loadUtilization,
    loadProcesses,
    loadCpuUsPerRead: (loadWork.cpuMs * 1000) / loadWork.reads,
    loadWork,
    ...(memory === null
      ? {}
      : {
          memory,
          heapKbPerConnection: kbPerConnection(memory, probe => probe.heapUsedBytes),
          externalKbPerConnection: kbPerConnection(memory, probe => probe.externalBytes),
        }),
    cpuMs,
    deliveries,
    onMs,
    before,
    from,
    half,
    to,
    after,
  }
}
