/**
 * What must be so: latencies and requests that follow from the timing alone. The page, the bench and the tests compare
 * what they measure with it.
 *
 * T is the poll interval and R the round trip, both in milliseconds; λ is the rate of events, per second in arguments
 * and per millisecond in formulas. A request or an answer takes R/2. Requests at intervals start T apart with a random
 * phase and never overlap, so T ≥ R.
 */

import type { Timing } from '../server/protocol/api.ts'
import { asksAtIntervals, isHeld, type Technique } from '../server/protocol/techniques.ts'

/** How a technique is used: what its latency and its cost depend on. */
export interface Usage {
  readonly pollIntervalMs: number
  /** The round trip that was set; `null` where none was. */
  readonly distanceMs: number | null
  readonly timing: Timing
}

/** The conditions as they were, not as they were set: timers add to a distance, and chance to a rate. */
export interface Conditions {
  /** λ. */
  readonly eventsPerSecond: number
  /** R. */
  readonly roundTripMs: number
  /** The mean of actual − intended publish. */
  readonly scheduleLagMs: number
}

/**
 * How long an event waits for the next of the requests that are sent at intervals: evenly distributed from 0 to T,
 * because the event falls anywhere into an interval. Mean T/2, standard deviation T/√12.
 */
export function intervalWait(pollIntervalMs: number) {
  return {
    meanMs: pollIntervalMs / 2,
    deviationMs: pollIntervalMs / Math.sqrt(12),
    p95Ms: 0.95 * pollIntervalMs,
    maxMs: pollIntervalMs,
  }
}

/**
 * Mean latency in milliseconds; `null` where theory says no more than "as fast as it goes".
 *
 * Requests at intervals: T/2 + R/2. A stream: R/2. A held request: R/2 too, but an event that falls into the gap
 * between an answer and the next request (`longPollGap`) waits R/2 longer on average. That holds for Poisson arrivals
 * only: with a fixed period the same phase comes back with each answer, and the mean is whatever that phase makes it.
 *
 * All this counts from when the event was there: the source's schedule lag comes on top.
 */
export function predictMeanLatencyMs(
  technique: Technique,
  usage: Usage,
  { eventsPerSecond, roundTripMs, scheduleLagMs }: Conditions,
): number | null {
  const afterPublishMs = scheduleLagMs + roundTripMs / 2
  if (asksAtIntervals(technique)) return afterPublishMs + intervalWait(usage.pollIntervalMs).meanMs
  if (usage.distanceMs === null || usage.distanceMs === 0) return null
  if (!isHeld(technique)) return afterPublishMs
  if (usage.timing !== 'poisson') return null
  return afterPublishMs + (longPollGap(eventsPerSecond, roundTripMs).share * roundTripMs) / 2
}

/**
 * The gap of a held request: for R, from when its answer leaves until the next request arrives, nothing waits at the
 * server.
 *
 * One cycle is a gap and, if no event fell into it (probability e^(−λR)), the wait for the next event, 1/λ on average.
 * Per cycle λR events fall into the gap and e^(−λR) into the wait, so the share of events that find the gap is
 * λR ÷ (λR + e^(−λR)), by the renewal–reward theorem. Poisson arrivals fall evenly into the gap (R. Wolff, "Poisson
 * Arrivals See Time Averages", 1982), so each of them waits R/2 for the request.
 */
export function longPollGap(eventsPerSecond: number, roundTripMs: number) {
  const eventsInGap = (eventsPerSecond * roundTripMs) / 1000
  const eventsPerCycle = eventsInGap + Math.exp(-eventsInGap)
  return { share: eventsInGap / eventsPerCycle, eventsPerCycle }
}

/**
 * Requests per event; `null` where theory says nothing.
 *
 * At intervals: one in each T whatever there is, 1 ÷ λT. Held: one per cycle (`longPollGap`), 1 ÷ (λR + e^(−λR)), again
 * for Poisson arrivals only.
 */
export function predictRequestsPerEvent(
  technique: Technique,
  usage: Usage,
  { eventsPerSecond, roundTripMs }: Conditions,
): number | null {
  if (asksAtIntervals(technique)) return 1000 / (eventsPerSecond * usage.pollIntervalMs)
  if (!isHeld(technique) || usage.timing !== 'poisson' || usage.distanceMs === null) return null
  return 1 / longPollGap(eventsPerSecond, roundTripMs).eventsPerCycle
}

/** The share of the requests at intervals that bring nothing: no event in T, e^(−λT) for Poisson arrivals. */
export function emptyShareAtIntervals(pollIntervalMs: number, eventsPerSecond: number): number {
  return Math.exp((-eventsPerSecond * pollIntervalMs) / 1000)
}

/**
 * The crossover in requests: below this many events per second, held requests are fewer than requests at intervals;
 * above it they are more. `null` where they never are, because the interval is no longer than the round trip.
 *
 * Held requests are sent once per cycle of R + e^(−λR)/λ. That equals T where x·e^x = R ÷ (T − R), with x = λR. Solved
 * by Newton's method: this is Lambert's W.
 */
export function requestCrossoverPerSecond(pollIntervalMs: number, roundTripMs: number): number | null {
  if (pollIntervalMs <= roundTripMs) return null
  if (roundTripMs === 0) return 1000 / pollIntervalMs
  const target = roundTripMs / (pollIntervalMs - roundTripMs)
  let x = Math.log1p(target)
  for (let step = 0; step < 20; step += 1) x -= (x - target * Math.exp(-x)) / (1 + x)
  return (x * 1000) / roundTripMs
}

/**
 * How many waits at intervals in one window were drawn independently of each other: what their mean rests on. Each
 * sentinel has a phase of its own. Each event has one too if it may fall anywhere into an interval.
 */
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
  const isAnywhere =
    axes.windowMs >= axes.pollIntervalMs && axes.pollIntervalMs >= 1000 / axes.eventsPerSecond
  return Math.min(axes.sentinels, axes.readers) * (isAnywhere ? publishes : 1)
}
