import type { Gap, LabEvent, Technique } from '../server/protocol.ts'
import type { Environment } from './environment.ts'
import type { RetryPolicy } from './retry-policy.ts'

export interface SubscribeOptions {
  readonly technique: Technique
  /** Origin of the doors, e.g. `http://127.0.0.1:3001`; no trailing slash. */
  readonly origin: string
  readonly environment: Environment
  /** The name under which the server counts this reader's bytes apart: `[a-z0-9]{8}`. */
  readonly clientName?: string
  /** Where to begin: a cursor, `now` (the default) or `earliest`. */
  readonly from?: string
  /** From the start of one poll to the start of the next; 1000 if not given. Poll only. */
  readonly pollIntervalMs?: number
  /** How long the server may hold an ask, 0 to 55; 25 if not given. Long poll only. */
  readonly waitSeconds?: number
  /** What differs from `RETRY_POLICY`. */
  readonly policy?: Partial<RetryPolicy>
  /** Each event exactly once, in order. */
  readonly onEvent?: (delivery: Delivery) => void
  /** Events that can no longer be had, before the next event; `cursor` is the place after the gap. */
  readonly onGap?: (gap: Gap, cursor: string) => void
  readonly onState?: (state: SubscriptionState) => void
}

export interface Delivery {
  readonly event: LabEvent
  /** The place once this event is taken: give it as `from` to go on after it. */
  readonly cursor: string
  /** `environment.now()` in the callback that read the event, before it was decoded. */
  readonly receivedAt: number
}

/** What the reader is doing. Instants are `environment.monotonicMs()`. */
export type SubscriptionState =
  /** A stream is being opened, or the first ask is under way. */
  | { readonly name: 'connecting' }
  /** A poll is in flight. */
  | { readonly name: 'asking' }
  /** Between two polls. */
  | { readonly name: 'resting'; readonly untilMs: number }
  /** The server holds a long poll. */
  | { readonly name: 'holding'; readonly sinceMs: number }
  /** A stream is open. */
  | { readonly name: 'open' }
  /**
   * Cut, and on its way back. An EventSource that reconnects by itself tells nobody when: `untilMs` is then the
   * instant at which it was cut, and `attempt` counts its cuts since it last was open.
   */
  | { readonly name: 'reconnecting'; readonly untilMs: number; readonly attempt: number }
  /** Closed by us (`null`), or refused for good (the server's sentence). */
  | { readonly name: 'closed'; readonly reason: string | null }

/** What the contract "exactly once, in order, nothing lost in silence" came to. */
export interface Audit {
  /** Delivered to the application, each exactly once. */
  readonly received: number
  /** Dropped because they had been delivered before. */
  readonly repeated: number
  /** Declared lost in gaps that know how many. */
  readonly missing: number
  /** Times the server left something out without a word. Anything but 0 is a bug of the server or of the way. */
  readonly undeclaredGaps: number
  /** Gaps declared. */
  readonly gaps: number
  /** HTTP requests made (polls), or connections begun (streams). */
  readonly asks: number
}

export interface Subscription {
  /** The counters as they are now. */
  readonly audit: Audit
  /** The last cursor; `null` until the server has named one, unless `from` was one. */
  readonly place: string | null
  readonly state: SubscriptionState
  /**
   * Change the interval or the wait while running. It takes effect at once: a resting poll is armed again, a held
   * long poll is given up and asked anew.
   */
  configure(options: { pollIntervalMs?: number; waitSeconds?: number }): void
  /**
   * Talk back: a WebSocket on its own connection, everyone else by `POST /say`. Resolves to the cursor of the event
   * that it became; rejects with a sentence when it was refused, or when nobody can know whether it was heard.
   */
  say(value: unknown): Promise<string>
  /** The device woke up or is online again: if the last byte is too old to trust the link, reconnect at once. */
  wake(): void
  /** Stops everything; what is under way is aborted. Closing twice is closing once. */
  close(): void
}
