import type { RetryPolicy } from '../../client/reader/retry-policy.ts'

/** Whether the faults run at the delivery contract's own times (`npm run test:full`), or at a twentieth of them. */
export const FULL_TIMES = process.env['PUSHLAB_FULL_TIMES'] === '1'

/** A duration of the contract, as long as it is in this run. */
export function scaledMs(realMs: number): number {
  return FULL_TIMES ? realMs : realMs / 20
}

/** What a busy machine may add to a limit. A twentieth of the contract's limits leaves no room for that. */
const SLACK_MS = FULL_TIMES ? 1000 : 6000

/** A limit of the contract, as it is checked in this run. */
export function limitMs(realMs: number): number {
  return scaledMs(realMs) + SLACK_MS
}

/** A limit that is the same in every run, because it is about a person who waits, or about a network. */
export function unscaledLimitMs(realMs: number): number {
  return realMs + SLACK_MS
}

/** A count whose full size takes long. */
export function scaledCount(full: number, short: number): number {
  return FULL_TIMES ? full : short
}

export const SERVER_TIMES = {
  heartbeatMs: scaledMs(15_000),
  checkEveryMs: scaledMs(1000),
  undrainedMs: scaledMs(10_000),
  pongMs: scaledMs(10_000),
  retryMs: { least: scaledMs(1000), most: scaledMs(3000) },
  graceMs: FULL_TIMES ? 300 : 60,
}

export const READER_TIMES: RetryPolicy = {
  baseMs: scaledMs(1000),
  capMs: scaledMs(30_000),
  leastMs: scaledMs(250),
  healthyMs: scaledMs(30_000),
  // A busy machine may take long to answer: only a technique that gets no answer at all may be given up.
  helloMs: limitMs(10_000),
  silentMs: scaledMs(35_000),
  graceMs: scaledMs(10_000),
  behindMs: scaledMs(5000),
  staleMs: scaledMs(20_000),
  mutesToMove: 2,
  failuresToMove: 5,
}

/**
 * Rule L7: once the faults are over, every reader reaches the top within this time. It is not scaled, so that it is long
 * enough for a busy machine.
 */
export const RECOVERY_MS = 10_000
