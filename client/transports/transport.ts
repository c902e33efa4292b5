import type { Batch, ControlFrame, LabEvent } from '../../server/protocol.ts'
import type { Environment } from '../environment.ts'
import type { SubscriptionState } from '../subscription.ts'

/**
 * A transport only carries. It opens or asks, and hands up what it hears until its signal is aborted. It knows no
 * place, drops no repeats, retries nothing and keeps no time but its own pace: all that is the reader's, so that
 * the four can differ in nothing but the technique.
 */
export type Transport = (reader: Reader) => Link

/** What a transport is given. Once the signal is aborted every call is without effect. */
export interface Reader {
  readonly environment: Environment
  /** The only notion of "stop". */
  readonly signal: AbortSignal
  /** As it is now; it may change between two asks. */
  readonly pace: Pace
  /** The address of the technique's door with the reader's present place, and what else is asked. */
  address(query?: Readonly<Record<string, string>>): string

  /** A request leaves, or a connection is begun. */
  asked(): void
  /** A sign of life: every byte that can be seen counts. */
  heard(): void
  doing(state: SubscriptionState): void

  batch(batch: Batch, receivedAt: number): void
  events(events: readonly LabEvent[], epoch: string, receivedAt: number): void
  control(frame: ControlFrame): void

  /** The link is over. */
  ended(ending: Ending): void
  /** Give up this link and open another one at once, from the same place. */
  reopen(): void
}

export interface Pace {
  readonly pollIntervalMs: number
  readonly waitSeconds: number
}

/** What a link can do beside carrying. There is no `close`: that is the signal. */
export interface Link {
  /** The pace has changed. */
  repace?(): void
  /** Only where one connection goes both ways; all others talk back by a request of their own. */
  say?(value: unknown): Promise<string>
}

/** Why a link is over: to be tried again, not before `floorMs` have passed, or refused for good. */
export type Ending =
  | { readonly final: false; readonly floorMs: number }
  | { readonly final: true; readonly reason: string }
