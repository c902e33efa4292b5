import type { RetryPolicy } from '../../client/reader/retry-policy.ts'

/** Whether the faults run at the contract's own times (`npm run test:faults`), or at a twentieth of them. */
export const FULL_TIMES = process.env['PUSHLAB_FULL_TIMES'] === '1'

/** A duration of the contract, as long as it is in this run. */
export function scaledMs(realMs: number): number {
  return FULL_TIMES ? realMs : realMs / 20
}

/** What a busy machine may add to a limit of the contract, which at a twentieth would be all too short. */
const SLACK_MS = FULL_TIMES ? 1000 : 6000

/** A limit of the contract, as it is checked in this run. */
export function limitMs(realMs: number): number {
  return scaledMs(realMs) + SLACK_MS
}

/** A count that takes long at full length. */
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
  // A busy machine may take long to answer: only a way that is really mute may be given up.
  helloMs: limitMs(10_000),
  silentMs: scaledMs(35_000),
  graceMs: scaledMs(10_000),
  behindMs: scaledMs(5000),
  staleMs: scaledMs(20_000),
  mutesToMove: 2,
  failuresToMove: 5,
}

/** Rule L7: after healing everyone is at the top within so long. Not scaled: it is long enough for a busy machine. */
export const HEALING_MS = 10_000

/** A limit that is the same in every run: it is about a person who waits, or a network. */
export function busyMs(realMs: number): number {
  return realMs + SLACK_MS
}
