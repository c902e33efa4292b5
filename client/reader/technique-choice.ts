import type { Technique } from '../../server/protocol/techniques.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { LossReason } from './subscription.ts'

/** Which technique a reader uses now, and how its links have fared since the last one that worked. */
export interface TechniqueChoice {
  readonly technique: Technique
  /** How long the next link may take to bring its first message; never longer than a silence. */
  readonly helloMs: number
  /** A link carried something of the protocol, or the server itself refused: the technique works here. */
  worked(): void
  /** A link ended before it carried anything. Moves on to the next technique if this one has proved unusable. */
  failed(why: LossReason): void
}

/**
 * Without a fallback the technique stays. With one the reader moves on to the next in the list, after the last to the
 * first, when the present one was mute `mutesToMove` times in a row, or failed in any way `failuresToMove` times in a
 * row. In an outage, when none works, it goes round, with the same delays as without a fallback.
 */
export function createTechniqueChoice(
  first: Technique,
  fallback: readonly Technique[],
  policy: RetryPolicy,
): TechniqueChoice {
  const list = [...new Set(fallback.includes(first) ? fallback : [first, ...fallback])]
  let technique = first
  let mutes = 0
  let failures = 0

  return {
    get technique() {
      return technique
    },
    get helloMs() {
      // A slow network may need more than the usual time: from the third try on each gets twice as much.
      return Math.min(policy.silentMs, policy.helloMs * 2 ** Math.max(0, mutes - 1))
    },
    worked,
    failed,
  }

  function worked(): void {
    mutes = 0
    failures = 0
  }

  function failed(why: LossReason): void {
    failures += 1
    mutes = why === 'mute' ? mutes + 1 : 0
    if (list.length === 1 || (mutes < policy.mutesToMove && failures < policy.failuresToMove)) return
    technique = list[(list.indexOf(technique) + 1) % list.length] ?? technique
    worked()
  }
}
