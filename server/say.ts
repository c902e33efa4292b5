import type { EventLog } from './event-log.ts'
import type { Policy } from './policy.ts'
import { formatCursor, SAY_MAX_BYTES } from './protocol.ts'
import { Refusal } from './refusal.ts'

/**
 * Talking back: what a reader says becomes an event of type `say` in the one log. Resolves to its cursor.
 * `speaker` is whoever the rate limit counts: the name that the reader chose, else its address.
 * Throws `Refusal` 413 or 429.
 */
export type Say = (value: unknown, speaker: string) => Promise<string>

/** A bucket of words for each speaker: full at first, refilled steadily. */
interface Bucket {
  words: number
  filledAtMs: number
}

export function createSay(log: EventLog, policy: Policy, monotonicMs: () => number): Say {
  const buckets = new Map<string, Bucket>()

  return async (value, speaker) => {
    if (Buffer.byteLength(JSON.stringify(value)) > SAY_MAX_BYTES) {
      throw new Refusal(413, 'say-too-long', `Say it in at most ${SAY_MAX_BYTES} bytes of JSON.`)
    }
    if (!spend(speaker)) throw new Refusal(429, 'say-too-often', 'Wait a moment before you say more.')
    return formatCursor(await log.append('say', value))
  }

  function spend(speaker: string): boolean {
    const nowMs = monotonicMs()
    const bucket = buckets.get(speaker) ?? { words: policy.sayBurst, filledAtMs: nowMs }
    const refill = ((nowMs - bucket.filledAtMs) / 1000) * policy.sayPerSecond
    bucket.words = Math.min(policy.sayBurst, bucket.words + refill)
    bucket.filledAtMs = nowMs
    forgetFull(nowMs)
    buckets.delete(speaker)
    buckets.set(speaker, bucket)
    if (bucket.words < 1) return false
    bucket.words -= 1
    return true
  }

  /** A bucket that has had time to fill is as good as none. The Map keeps them in the order of their last use. */
  function forgetFull(nowMs: number): void {
    const fillMs = (policy.sayBurst / policy.sayPerSecond) * 1000
    for (const [speaker, bucket] of buckets) {
      if (nowMs - bucket.filledAtMs <= fillMs) return
      buckets.delete(speaker)
    }
  }
}
