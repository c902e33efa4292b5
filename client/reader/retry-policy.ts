/** When a reader gives up on a link, and when it opens the next. */
export interface RetryPolicy {
  /** The first delay is drawn from 0 to this; the range doubles with each loss. */
  readonly baseMs: number
  /** The range grows no further than this. */
  readonly capMs: number
  /** No delay is shorter than this. */
  readonly leastMs: number
  /** A link that has worked for this long is healthy: the range starts over. */
  readonly healthyMs: number
  /** A link that brings no answer and no hello within this is mute. */
  readonly helloMs: number
  /** A link that is silent for this long is dead: two heartbeats and five seconds. */
  readonly silentMs: number
  /** How long an answer may take beyond the time for which it may be held. */
  readonly graceMs: number
  /** A reader that knows of a newer event and gets nothing for this long opens its link again. */
  readonly behindMs: number
  /** On waking up, a link whose last byte is older than this is not trusted. */
  readonly staleMs: number
  /** With a fallback: the reader moves on after this many mute links in a row, or links that failed in any way. */
  readonly mutesToMove: number
  readonly failuresToMove: number
}

export const RETRY_POLICY: RetryPolicy = {
  baseMs: 1_000,
  capMs: 30_000,
  leastMs: 250,
  healthyMs: 30_000,
  helloMs: 10_000,
  silentMs: 35_000,
  graceMs: 10_000,
  behindMs: 5_000,
  staleMs: 20_000,
  mutesToMove: 2,
  failuresToMove: 5,
}

/** No answer can keep a reader away for longer than an hour. */
export const FLOOR_MAX_MS = 3_600_000

/**
 * Full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015): readers that were all cut at one instant come back
 * spread over the whole range, where equal delays would bring them back all at one instant.
 *
 * `attempt` is 0 for the first; `floorMs` is what the server demanded (`Retry-After`, `bye`), 0 if nothing.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, floorMs: number, random: number): number {
  const rangeMs = Math.min(policy.capMs, policy.baseMs * 2 ** attempt)
  return Math.max(policy.leastMs, Math.min(floorMs, FLOOR_MAX_MS), random * rangeMs)
}
