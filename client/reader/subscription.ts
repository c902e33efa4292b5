import type { Technique } from '../../server/protocol/techniques.ts'
import type { Cursor, Gap, LabEvent } from '../../server/protocol/wire.ts'
import type { Environment } from './environment.ts'
import type { RetryPolicy } from './retry-policy.ts'

export interface SubscribeOptions {
  readonly technique: Technique
  /**
   * What to move on to, in this order, when `technique` proves unusable between here and the server: mute twice in a row,
   * or five times in a row ended before it carried anything (`mutesToMove` and `failuresToMove` of the policy). After
   * the last comes the first again. Off if not given. The reader keeps its place and its audit. It does not move back
   * while the present technique works: to try the first again, subscribe anew with `from` set to `place`.
   */
  readonly fallback?: readonly Technique[]
  /** Origin of the endpoints, e.g. `http://127.0.0.1:3001`; no trailing slash. */
  readonly origin: string
  readonly environment: Environment
  /** The name under which the server counts this reader's bytes apart: `[a-z0-9]{8}`. */
  readonly clientName?: string
  /** Where to begin: a cursor, also as text, `now` (the default) or `earliest`. */
  readonly from?: Cursor | string
  /** From the start of one request to the start of the next, 1 or more; 1000 if not given. For polling. */
  readonly pollIntervalMs?: number
  /** How long the server may hold a request, 0 to 55; 25 if not given. For long polling. */
  readonly waitSeconds?: number
  /** What differs from `RETRY_POLICY`. */
  readonly policy?: Partial<RetryPolicy>
  /** Called for each event exactly once, in order. */
  readonly onEvent?: (delivery: Delivery) => void
  /** Called for events that can no longer be had, before the next event; `cursor` is the place after the gap. */
  readonly onGap?: (gap: Gap, cursor: Cursor) => void
  readonly onState?: (state: SubscriptionState) => void
}

export interface Delivery {
  readonly event: LabEvent
  /** The place once this event is taken: give it as `from` to go on after it. */
  readonly cursor: Cursor
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
  /** A stream is being opened, or the first request is under way. `why` is the reason why the link before it ended. */
  | { readonly name: 'connecting'; readonly why?: LossReason }
  /** A request is under way that is answered at once. */
  | { readonly name: 'requesting' }
  /** Between two requests. */
  | { readonly name: 'resting'; readonly untilMs: number }
  /** The server holds a request. */
  | { readonly name: 'holding'; readonly sinceMs: number }
  /** A stream has brought its hello. */
  | { readonly name: 'open' }
  /**
   * Lost, and to be opened again; `attempt` counts the losses since the last link that stayed healthy. Where the
   * platform reconnects by itself it does not say when: `untilMs` is then the instant of the loss. `reason` is the
   * server's sentence, if it refused for now.
   */
  | {
      readonly name: 'reconnecting'
      readonly untilMs: number
      readonly attempt: number
      readonly why: LossReason
      readonly reason?: string
    }
  /** Closed by the application (`null`), or refused for good (the server's sentence). */
  | { readonly name: 'closed'; readonly reason: string | null }

/** How well the contract "exactly once, in order, every loss declared" was kept. */
export interface Audit {
  /** Events delivered to the application, each exactly once. */
  readonly received: number
  /** Events dropped because they had been delivered before. */
  readonly repeated: number
  /** Events declared lost in gaps that know how many. */
  readonly missing: number
  /** Times that something was left out and not declared. Anything but 0 is a bug of the server or of what lies between. */
  readonly undeclaredGaps: number
  /** Gaps declared. */
  readonly gaps: number
  /** HTTP requests sent; for a stream the connections begun. */
  readonly requests: number
}

export interface Subscription {
  /** The counters as they are now. */
  readonly audit: Audit
  /** The cursor that the reader has reached; `null` until the server has named one, unless `from` was one. */
  readonly place: Cursor | null
  readonly state: SubscriptionState
  /** The technique in use: not the one given once the reader has moved on to its fallback. */
  readonly technique: Technique
  /**
   * Change the interval or the wait while running. It takes effect at once: the next request is rescheduled, and one that
   * is held is given up and sent again. Throws a `RangeError` for what `subscribe` would not take.
   */
  configure(options: { pollIntervalMs?: number; waitSeconds?: number }): void
  /**
   * Talk back: on the connection itself where the technique is two-way, else by `POST /say`. Resolves to the cursor of
   * the event that it became. Rejects with a sentence when it was refused, or when it cannot be known whether it
   * arrived, at the latest after `helloMs` of the policy.
   */
  say(value: unknown): Promise<Cursor>
  /**
   * The device woke up or is online again: a delay is cut short, and a link whose last byte is too old to be trusted is
   * opened again at once. Sleep that shows on the clocks is noticed without this.
   */
  wake(): void
  /** Stops everything and aborts what is under way. Closing twice does no more than closing once. */
  close(): void
}
