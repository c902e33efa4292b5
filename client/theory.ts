/** What theory says of a delivery scenario: the mean wait and the asks, where the timing makes them a matter of arithmetic. */

import type { Timing } from '../server/protocol/api.ts'
import type { Technique } from '../server/protocol/techniques.ts'

/** How a technique is used: what its latency and its cost depend on. */
export interface Usage {
  readonly pollIntervalMs: number
  /** The round trip that was set; `null` where none was. */
  readonly distanceMs: number | null
  readonly timing: Timing
}

/** The window as it was, not as it was set: timers add to a distance, and chance to a rate. */
export interface Conditions {
  /** λ. */
  readonly eventsPerSecond: number
  /** R. */
  readonly roundTripMs: number
  /** The mean of actual − intended publish. */
  readonly scheduleLagMs: number
}

/**
 * Mean latency in milliseconds; `null` where theory says no more than "as fast as it goes".
 *
 * Polling with a period T and a random phase: T/2, and half a round trip R for the answer. A stream: R/2. A long poll
 * too, but while its answer and its next ask are under way, for R, it is not there: the share of events that fall into
 * that gap is λR ÷ (λR + e^(−λR)), and they wait for half of it on average. That holds for Poisson arrivals only: with
 * a fixed period the same phase comes back with each answer, and the mean is whatever that phase makes it.
 *
 * All of it from when the event was there: the source's schedule lag comes on top.
 */
export function predictMeanLatencyMs(
  technique: Technique,
  axes: Usage,
  { eventsPerSecond, roundTripMs, scheduleLagMs }: Conditions,
): number | null {
  if (technique === 'poll') return scheduleLagMs + axes.pollIntervalMs / 2 + roundTripMs / 2
  if (axes.distanceMs === null || axes.distanceMs === 0) return null
  if (technique !== 'long-poll') return scheduleLagMs + roundTripMs / 2
  if (axes.timing !== 'poisson') return null
  const eventsInGap = (eventsPerSecond * roundTripMs) / 1000
  const shareInGap = eventsInGap / (eventsInGap + Math.exp(-eventsInGap))
  return scheduleLagMs + roundTripMs / 2 + (shareInGap * roundTripMs) / 2
}

/**
 * A poll asks once in each period T, whatever there is: 1 ÷ λT requests per event. A long poll asks once per answer,
 * and between two answers there is its gap R and, if nothing fell into that, the wait for the next event:
 * 1 ÷ (λR + e^(−λR)). `null` where theory says nothing.
 */
export function predictRequestsPerEvent(
  technique: Technique,
  axes: Usage,
  { eventsPerSecond, roundTripMs }: Conditions,
): number | null {
  if (technique === 'poll') return 1000 / (eventsPerSecond * axes.pollIntervalMs)
  if (technique !== 'long-poll' || axes.timing !== 'poisson' || axes.distanceMs === null) return null
  const eventsInGap = (eventsPerSecond * roundTripMs) / 1000
  return 1 / (eventsInGap + Math.exp(-eventsInGap))
}

/** How many waits of a poll in one window were drawn independently of each other: what its mean rests on. */
export function independentWaits(
  axes: {
    readonly windowMs: number
    readonly pollIntervalMs: number
    readonly eventsPerSecond: number
    readonly sentinels: number
    readonly readers: number
  },
  publishes: number,
): number {
  // Each sentinel has a phase of its own. Each event has one too if it may fall anywhere into an interval.
  const everywhere =
    axes.windowMs >= axes.pollIntervalMs && axes.pollIntervalMs >= 1000 / axes.eventsPerSecond
  return Math.min(axes.sentinels, axes.readers) * (everywhere ? publishes : 1)
}
