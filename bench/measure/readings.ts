/** What lies between two readings. */
import type { Traffic } from '../../server/protocol/api.ts'
import type { ProbeReading } from '../subjects/probe.ts'

/** CPU milliseconds, less what the silent process (`idleCpuShare`) would have spent meanwhile. */
export function cpuMsBetween(from: ProbeReading, to: ProbeReading, idleCpuShare: number): number {
  return to.cpuMs - from.cpuMs - idleCpuShare * (to.monotonicMs - from.monotonicMs)
}

/** The share of the time in which the event loop was busy. */
export function loopUtilization(from: ProbeReading, to: ProbeReading): number {
  const active = to.loopActiveMs - from.loopActiveMs
  const idle = to.loopIdleMs - from.loopIdleMs
  return active + idle === 0 ? 0 : active / (active + idle)
}

/** All that the server sent. */
export function bytesDownBetween(from: Traffic, to: Traffic): number {
  return bytesDown(to) - bytesDown(from)
}

function bytesDown({ payloadBytesOut, framingBytesOut, headerBytesOut }: Traffic): number {
  return payloadBytesOut + framingBytesOut + headerBytesOut
}
