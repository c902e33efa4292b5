import type { Cursor, LabEvent } from '../../../server/protocol/wire.ts'
import type { Environment } from '../environment.ts'
import type { LossReason, SubscriptionState } from '../subscription.ts'
import type { ReceivedBatch, ReceivedControl } from './decode.ts'

/**
 * A transport only carries. It connects or sends requests, and hands on what it receives until its signal is aborted.
 * It keeps no place, drops no repeats, retries nothing and times nothing but its own requests: the subscription does
 * all that, so that the transports differ in nothing but the technique.
 */
export type Transport = (link: LinkContext) => LinkHandle

/** What a transport is given. Once the signal is aborted, every call is without effect. */
export interface LinkContext {
  readonly environment: Environment
  /** Aborted when the link is over. Nothing else stops a transport. */
  readonly signal: AbortSignal
  /** The settings as they are now; they may change between two requests. */
  readonly pace: Pace
  /** The address of the technique's endpoint with the reader's place, and further query parameters. */
  address(query?: Readonly<Record<string, string>>): string

  /** A request is sent, or a connection is begun. By agreement the server may hold its answer for `heldMs`. */
  requestStarted(heldMs?: number): void
  /** Something arrived. Report every byte that can be seen: a slow answer is a link that is alive. */
  bytesReceived(): void
  stateChanged(state: SubscriptionState): void

  /** Returns whether the batch moved the reader's place. */
  batch(batch: ReceivedBatch, receivedAt: number): boolean
  events(events: readonly LabEvent[], epoch: string, receivedAt: number): void
  control(frame: ReceivedControl): void

  /** The link is over. */
  ended(ending: Ending): void
  /** The connection is lost, and the platform opens another one by itself unless the signal is aborted. */
  reconnecting(): void
  /** This link cannot take on a changed pace: open another one at once, from the same place. */
  reopen(): void
}

export interface Pace {
  readonly pollIntervalMs: number
  readonly waitSeconds: number
}

/** What a link can do beside carrying events. There is no `close`: abort the signal. */
export interface LinkHandle {
  paceChanged?(): void
  /** Only where the technique is two-way; all others talk back by a request of their own. */
  say?(value: unknown): Promise<Cursor>
}

/** Why a link is over: lost, or refused for good in the lab's own words. */
export type Ending = Loss | { readonly final: true; readonly reason: string }

/**
 * A link to be opened again, not before `floorMs` have passed. `reason` is the lab's own sentence; without one it may
 * have been somebody else who answered.
 */
export interface Loss {
  readonly final: false
  readonly floorMs: number
  readonly why: LossReason
  readonly reason?: string
}

export function lossBy(why: LossReason): Loss {
  return { final: false, floorMs: 0, why }
}
