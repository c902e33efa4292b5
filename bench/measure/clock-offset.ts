/** The clock of another machine, read from here. */
import type { ClockReading } from '../../server/protocol/api.ts'

/** The server's epoch time beside *this* machine's CLOCK_MONOTONIC, as exactly as the network allows. */
export interface ClockEstimate extends ClockReading {
  /** The two may be so far apart: half of the smallest round trip. */
  readonly uncertaintyMs: number
  readonly roundTripMs: number
}

const ROUND_TRIPS = 24
/** The two clocks of `/api/clock` are read this closely together; a drift beyond it widens the uncertainty. */
const READING_UNCERTAINTY_MS = 0.05

/**
 * As NTP does (RFC 5905, §8): the server read its clock between our request and its answer, most likely in the middle.
 * The fastest of many round trips is the best estimate, since what makes one slow is seldom the same in both directions.
 */
export async function measureClockOffset(
  readServerClock: () => Promise<ClockReading>,
  monotonicNs: () => bigint = process.hrtime.bigint,
): Promise<ClockEstimate> {
  let best: ClockEstimate | null = null
  for (let count = 0; count < ROUND_TRIPS; count++) {
    const sentNs = monotonicNs()
    const { at } = await readServerClock()
    const tookNs = monotonicNs() - sentNs
    const roundTripMs = Number(tookNs) / 1e6
    if (best !== null && best.roundTripMs <= roundTripMs) continue
    best = {
      at,
      monotonicNs: (sentNs + tookNs / 2n).toString(),
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

/** What is known of the clock at the beginning of a trial, and how far it has moved by the end. */
export function clockUncertaintyMs([before, after]: readonly [
  ClockReading | ClockEstimate,
  ClockReading,
]): number {
  const driftMs = Math.abs(clockDriftMs(before, after))
  if ('uncertaintyMs' in before) return before.uncertaintyMs + driftMs
  return Math.max(READING_UNCERTAINTY_MS, driftMs)
}
