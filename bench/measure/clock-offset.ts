/** The clock of another machine, read from here. */
import type { ClockReading } from '../../server/protocol/api.ts'

/** The server's epoch time beside *this* machine's CLOCK_MONOTONIC, as near as the network lets one know. */
export interface ClockEstimate extends ClockReading {
  /** The two may be so far apart: half of the smallest round trip. */
  readonly uncertaintyMs: number
  readonly roundTripMs: number
}

const ROUND_TRIPS = 24

/**
 * As NTP does (RFC 5905, §8): the server read its clock somewhere between our asking and its answer, and most likely
 * in the middle. The quickest of many round trips says it best, since what makes one slow is seldom the same in both
 * directions.
 */
export async function measureClockOffset(
  readServerClock: () => Promise<ClockReading>,
  monotonicNs: () => bigint = process.hrtime.bigint,
): Promise<ClockEstimate> {
  let best: ClockEstimate | null = null
  for (let count = 0; count < ROUND_TRIPS; count++) {
    const askedNs = monotonicNs()
    const { at } = await readServerClock()
    const tookNs = monotonicNs() - askedNs
    const roundTripMs = Number(tookNs) / 1e6
    if (best !== null && best.roundTripMs <= roundTripMs) continue
    best = {
      at,
      monotonicNs: (askedNs + tookNs / 2n).toString(),
      uncertaintyMs: roundTripMs / 2,
      roundTripMs,
    }
  }
  if (best === null) throw new Error('the clock was never read')
  return best
}

/** How far the two clocks have moved apart from one reading to the next, beyond the time that passed. */
export function clockDriftMs(before: ClockReading, after: ClockReading): number {
  const monotonicMs = Number(BigInt(after.monotonicNs) - BigInt(before.monotonicNs)) / 1e6
  return after.at - before.at - monotonicMs
}
