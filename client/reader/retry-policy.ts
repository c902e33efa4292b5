/** When a reader gives up on a link, and when it comes back. */
export interface RetryPolicy {
  /** The first delay is drawn from 0 to this; the range doubles with each failure. */
  readonly baseMs: number
  /** The range grows no further than this. */
  readonly capMs: number
  /** Nobody comes back sooner than this. */
  readonly leastMs: number
  /** A link that lived for so long has proved itself: the range starts over. */
  readonly healthyMs: number
  /** What does not answer within so long, or brings no hello, is mute. */
  readonly helloMs: number
  /** A link that is silent for so long is dead: two heartbeats and five seconds. */
  readonly silentMs: number
  /** Grace for the answer of a long poll beyond the time for which it may be held. */
  readonly graceMs: number
  /** A reader that knows of a newer event and gets nothing for so long resumes. */
  readonly behindMs: number
  /** On waking up, a link whose last byte is older than this is not trusted. */
  readonly staleMs: number
  /** With a fallback: so many mute tries in a row, or tries that failed in any way, and the reader moves on. */
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

/** No answer can send a reader away for longer than an hour. */
export const FLOOR_MAX_MS = 3_600_000

/**
 * Full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015): a crowd that was cut at one instant returns
 * spread over the whole range, where equal delays would bring it back as the same crowd.
 *
 * `attempt` is 0 for the first; `floorMs` is what the server asked for (`Retry-After`, `bye`), 0 if nothing.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, floorMs: number, random: number): number {
  const rangeMs = Math.min(policy.capMs, policy.baseMs * 2 ** attempt)
  return Math.max(policy.leastMs, Math.min(floorMs, FLOOR_MAX_MS), random * rangeMs)
}
