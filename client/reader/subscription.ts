import type { Technique } from '../../server/protocol/techniques.ts'
import type { Gap, LabEvent } from '../../server/protocol/wire.ts'
import type { Environment } from './environment.ts'
import type { RetryPolicy } from './retry-policy.ts'

export interface SubscribeOptions {
  readonly technique: Technique
  /**
   * What to move on to, in this order, when `technique` proves unusable on the way to the server: mute twice in a row,
   * or five times in a row ended before it carried anything (`mutesToMove` and `failuresToMove` of the policy); after
   * the last comes the first again. Off if not given. The place and the audit go along. The reader does not move back
   * while the present technique works: to try the first again, subscribe anew with `from` set to `place`.
   */
  readonly fallback?: readonly Technique[]
  /** Origin of the endpoints, e.g. `http://127.0.0.1:3001`; no trailing slash. */
  readonly origin: string
  readonly environment: Environment
  /** The name under which the server counts this reader's bytes apart: `[a-z0-9]{8}`. */
  readonly clientName?: string
  /** Where to begin: a cursor, `now` (the default) or `earliest`. */
  readonly from?: string
  /** From the start of one poll to the start of the next, 1 or more; 1000 if not given. Poll only. */
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

/** Why a link is over, as far as the reader can know. A browser tells a stream less than a `fetch`. */
export type LossReason =
  /** Nothing came from the start: no hello, or no answer. A proxy or an antivirus may hold it back. */
  | 'mute'
  /** It had worked, and then nothing came for too long. */
  | 'silent'
  /** It had worked, and then the connection ended. */
  | 'cut'
  /** There was no connection, or it ended before it carried anything. */
  | 'unreachable'
  /** Something answered, but not with the log: the server, for now, or a gateway or a login page in its place. */
  | 'refused'
  /** What came broke the protocol. */
  | 'broken'
  /** The device slept or was away, and the link is too old to be trusted. */
  | 'stale'

/** What the reader is doing. Instants are `environment.monotonicMs()`. */
export type SubscriptionState =
  /** A stream is being opened, or the first ask is under way; `why` the link before it is over, if there was one. */
  | { readonly name: 'connecting'; readonly why?: LossReason }
  /** A poll is in flight. */
  | { readonly name: 'asking' }
  /** Between two polls. */
  | { readonly name: 'resting'; readonly untilMs: number }
  /** The server holds a long poll. */
  | { readonly name: 'holding'; readonly sinceMs: number }
  /** A stream has brought its hello. */
  | { readonly name: 'open' }
  /**
   * Lost, and on its way back; `attempt` counts the losses since the last long life. An EventSource that reconnects by
   * itself tells nobody when: `untilMs` is then the instant at which it was cut. `reason` is the server's sentence, if
   * it refused for now.
   */
  | {
      readonly name: 'reconnecting'
      readonly untilMs: number
      readonly attempt: number
      readonly why: LossReason
      readonly reason?: string
    }
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
  /** The technique in use: another than was asked for once the reader has moved on to its fallback. */
  readonly technique: Technique
  /**
   * Change the interval or the wait while running. It takes effect at once: a resting poll is armed again, a held
   * long poll is given up and asked anew. Throws a `RangeError` for what `subscribe` would not take.
   */
  configure(options: { pollIntervalMs?: number; waitSeconds?: number }): void
  /**
   * Talk back: a WebSocket on its own connection, everyone else by `POST /say`. Resolves to the cursor of the event
   * that it became; rejects with a sentence when it was refused, or when nobody can know whether it was heard, at the
   * latest after `helloMs` of the policy.
   */
  say(value: unknown): Promise<string>
  /**
   * The device woke up or is online again: a delay is cut short, and a link whose last byte is too old to be trusted is
   * opened again at once. Sleep that the clocks betray is noticed without this.
   */
  wake(): void
  /** Stops everything; what is under way is aborted. Closing twice is closing once. */
  close(): void
}
