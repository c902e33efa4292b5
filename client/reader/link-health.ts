import type { Technique } from '../../server/protocol/techniques.ts'
import type { Environment } from './environment.ts'
import { FLOOR_MAX_MS, type RetryPolicy, retryDelayMs } from './retry-policy.ts'
import type { LossReason } from './subscription.ts'
import { createTechniqueChoice } from './technique-choice.ts'
import type { Loss } from './transports/transport.ts'

/**
 * This many losses in a row may be mended by the platform itself, quickly and by a delay that never grows. Then the
 * delays are the reader's, until a link has been healthy again.
 */
const OWN_RECONNECTS_MAX = 3

/** How a reader's links have fared, and what follows for the next one: its technique, its delay and its first time-out. */
export interface LinkHealth {
  readonly technique: Technique
  /** Losses since the last link that stayed healthy. */
  readonly losses: number
  /** The present link has carried something of the protocol. */
  readonly isProven: boolean
  /** How long the next link may take to bring its first message. */
  readonly helloMs: number
  prove(): void
  /** A stream has begun: an older `bye` no longer counts. */
  greeted(): void
  /** The server demands that the next link wait for this long. */
  bye(retryMs: number): void
  /** The present link is over. */
  ended(): void
  /** The present link is over by a loss. Returns what to call it, and may change the technique. */
  lost(loss: Loss): LossReason
  /** The same, where the platform reconnects by itself. `isLeftAlone` is whether it may. */
  lostForNow(loss: Loss): { readonly why: LossReason; readonly isLeftAlone: boolean }
  /** The delay before the next link; counts the loss. */
  nextDelayMs(floorMs: number): number
}

export function createLinkHealth(
  { monotonicMs, random }: Environment,
  policy: RetryPolicy,
  first: Technique,
  fallback: readonly Technique[],
): LinkHealth {
  const choice = createTechniqueChoice(first, fallback, policy)
  let losses = 0
  let provenSinceMs: number | null = null
  let byeMs = 0

  return {
    get technique() {
      return choice.technique
    },
    get losses() {
      return losses
    },
    get isProven() {
      return provenSinceMs !== null
    },
    get helloMs() {
      return choice.helloMs + byeMs
    },
    prove,
    greeted,
    bye,
    ended,
    lost,
    lostForNow,
    nextDelayMs,
  }

  function prove(): void {
    provenSinceMs ??= monotonicMs()
    choice.worked()
  }

  function greeted(): void {
    byeMs = 0
  }

  function bye(retryMs: number): void {
    byeMs = Math.max(0, Math.min(retryMs, FLOOR_MAX_MS))
  }

  /** A link that falls soon after it worked is still the same trouble: only a long one starts the delays over. */
  function ended(): void {
    if (provenSinceMs !== null && monotonicMs() - provenSinceMs >= policy.healthyMs) losses = 0
    provenSinceMs = null
  }

  function lost({ why, reason }: Loss): LossReason {
    const hadProven = provenSinceMs !== null
    ended()
    if (hadProven) return why === 'unreachable' ? 'cut' : why
    // A sentence of the lab's own proves that the technique reaches it.
    if (reason === undefined) choice.failed(why)
    else choice.worked()
    return why
  }

  function lostForNow(loss: Loss): { readonly why: LossReason; readonly isLeftAlone: boolean } {
    const { technique } = choice
    const why = lost(loss)
    const isLeftAlone = losses < OWN_RECONNECTS_MAX && choice.technique === technique
    if (isLeftAlone) losses += 1
    return { why, isLeftAlone }
  }

  function nextDelayMs(floorMs: number): number {
    const delayMs = retryDelayMs(policy, losses, Math.max(floorMs, byeMs), random())
    losses += 1
    byeMs = 0
    return delayMs
  }
}
