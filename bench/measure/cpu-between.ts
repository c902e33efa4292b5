import type { ProbeReading } from '../subjects/probe.ts'

/** Milliseconds of CPU from one reading to another, less what the silent process (`idleCpuShare`) would have spent meanwhile. */
export function cpuMsBetween(from: ProbeReading, to: ProbeReading, idleCpuShare: number): number {
  return to.cpuMs - from.cpuMs - idleCpuShare * (to.monotonicMs - from.monotonicMs)
}
