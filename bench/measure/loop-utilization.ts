import type { ProbeReading } from '../subjects/probe.ts'

/** The share of the time between two readings in which the event loop was busy. */
export function loopUtilization(from: ProbeReading, to: ProbeReading): number {
  const active = to.loopActiveMs - from.loopActiveMs
  const idle = to.loopIdleMs - from.loopIdleMs
  return active + idle === 0 ? 0 : active / (active + idle)
}
