import type { Batch, ControlFrame, LabEvent } from '../../../server/protocol/wire.ts'
import type { Environment } from '../environment.ts'
import type { LossReason, SubscriptionState } from '../subscription.ts'

/**
 * A transport only carries. It opens or asks, and hands up what it hears until its signal is aborted. It knows no
 * place, drops no repeats, retries nothing and keeps no time but its own pace: all that is the reader's, so that
 * the four can differ in nothing but the technique.
 */
export type Transport = (reader: Reader) => Connection

/** What a transport is given. Once the signal is aborted every call is without effect. */
export interface Reader {
  readonly environment: Environment
  /** The only notion of "stop". */
  readonly signal: AbortSignal
  /** As it is now; it may change between two asks. */
  readonly pace: Pace
  /** The address of the technique's endpoint with the reader's present place, and what else is asked. */
  address(query?: Readonly<Record<string, string>>): string

  /** A request leaves, or a connection is begun. By agreement the server may hold its answer for `heldMs`. */
  asked(heldMs?: number): void
  /** A sign of life: every byte that can be seen counts. */
  heard(): void
  doing(state: SubscriptionState): void

  batch(batch: Batch, receivedAt: number): void
  events(events: readonly LabEvent[], epoch: string, receivedAt: number): void
  control(frame: ControlFrame): void

  /** The link is over. */
  ended(ending: Ending): void
  /** The connection is lost, and the platform opens another one by itself, unless the signal is aborted. */
  returning(): void
  /** This link cannot take on the present pace: open another one at once, from the same place. */
  repaced(): void
}

export interface Pace {
  readonly pollIntervalMs: number
  readonly waitSeconds: number
}

/** What a link can do beside carrying. There is no `close`: that is the signal. */
export interface Connection {
  /** The pace has changed. */
  repace?(): void
  /** Only where one connection goes both ways; all others talk back by a request of their own. */
  say?(value: unknown): Promise<string>
}

/**
 * Why a link is over: to be tried again, not before `floorMs` have passed, or refused for good. `reason` is the lab's own
 * sentence; without one nobody can be sure that it was the lab that answered.
 */
export type Ending = Passing | { readonly final: true; readonly reason: string }

export interface Passing {
  readonly final: false
  readonly floorMs: number
  readonly why: LossReason
  readonly reason?: string
}
