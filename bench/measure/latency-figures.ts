import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import type { ScheduleLag } from '../subjects/probe.ts'
import type { Measurement } from './measurement.ts'

type Values = Measurement['values']

export function latencyFigures(deliveryUs: string): Values {
  const latency = decodeFromCompressedBase64(deliveryUs)
  return {
    'latency-p50': latency.getValueAtPercentile(50) / 1000,
    'latency-p90': latency.getValueAtPercentile(90) / 1000,
    'latency-p99': latency.getValueAtPercentile(99) / 1000,
    'latency-max': latency.maxValue / 1000,
  }
}

/** The part of the latency that is the source's own lateness. */
export function scheduleLagFigures(scheduleLag: ScheduleLag | null): Values {
  return scheduleLag === null
    ? {}
    : { 'schedule-lag-p50': scheduleLag.p50Ms, 'schedule-lag-max': scheduleLag.maxMs }
}
