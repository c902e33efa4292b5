/**
 * The wire: events, cursors, and the envelopes around them.
 *
 * All techniques read one event log. The text of an event is encoded once and is byte for byte the same in every
 * technique; only the envelope around it differs.
 */

// ---------------------------------------------------------------------------------------------- events

/** An event as every technique carries it. */
export interface LabEvent {
  /** 1 for the first event of an epoch, then exactly +1 each. */
  readonly seq: number
  /** Epoch milliseconds with a fraction: the instant at which the source meant to publish. */
  readonly at: number
  readonly type: string
  readonly data: unknown
}

export const EVENT_TYPE_MAX_LENGTH = 32
export const EVENT_TYPE = new RegExp(`^[a-z][a-z0-9-]{0,${EVENT_TYPE_MAX_LENGTH - 1}}$`)
/** The types of the control messages of a stream. No event may have one of them as its type. */
export const CONTROLS = ['hello', 'gap', 'heartbeat', 'bye'] as const
export type Control = (typeof CONTROLS)[number]
/** The largest `data`, as UTF-8 bytes of `JSON.stringify(data)`. */
export const DATA_MAX_BYTES = 64 * 1024
/** The largest message that a client may send, as UTF-8 bytes of its JSON. */
export const SAY_MAX_BYTES = 1024

// --------------------------------------------------------------------------------------------- cursors

/**
 * A cursor says "I have everything of this epoch up to and including `seq`". On the wire it is `k3f9x2ab7q-1042`: the SSE
 * `id`, the polls' `ETag`, the `cursor` of every other envelope.
 */
export interface Cursor {
  readonly epoch: string
  readonly seq: number
}

/** The two words that stand in for a cursor. */
export type CursorWord = 'now' | 'earliest'

export const EPOCH = /^[a-z0-9]{10}$/
export const CURSOR = /^[a-z0-9]{10}-(0|[1-9][0-9]{0,15})$/
/** The name that a client may choose so that the server counts its bytes separately. */
export const CLIENT_NAME = /^[a-z0-9]{8}$/

export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch}-${cursor.seq}`
}

/** Reads a cursor; `null` for anything else, including sequence numbers beyond 2^53 − 1. */
export function parseCursor(text: string): Cursor | null {
  if (!CURSOR.test(text)) return null
  const seq = Number(text.slice(11))
  return Number.isSafeInteger(seq) ? { epoch: text.slice(0, 10), seq } : null
}

// ------------------------------------------------------------------------------------------- envelopes

/** Events that a reader asked for and that are lost. Declared once, before the next event. */
export type Gap =
  | { readonly reason: 'trimmed'; readonly from: number; readonly to: number; readonly lost: number }
  | { readonly reason: 'epoch'; readonly lost: null }
  | { readonly reason: 'ahead'; readonly lost: null }

/** The answer of both polls. */
export interface Batch {
  /** The reader's cursor after this batch. Always there, so that a newcomer learns its place. */
  readonly cursor: string
  readonly events: readonly LabEvent[]
  readonly gap?: Gap
  /** Present only if the batch was cut: send the next request at once. */
  readonly more?: true
}
export const BATCH_MAX_EVENTS = 500
export const BATCH_MAX_BYTES = 256 * 1024

/** How long a long poll may be held, in seconds. */
export const WAIT_MAX_SECONDS = 55
export const WAIT_DEFAULT_SECONDS = 25

/** The first message of every stream. Its cursor is the reader's place *before* what follows. */
export interface Hello {
  readonly epoch: string
  readonly cursor: string
  /** The oldest event that is kept; `top + 1` when nothing is. */
  readonly oldest: number
  /** The newest event. */
  readonly top: number
  readonly heartbeatMs: number
}
/** Sent after a silence, so that a reader can tell a quiet source from a dead connection. */
export interface Heartbeat {
  readonly top: number
}
/** Sent before the server ends a stream: reconnect after `retryMs`. */
export interface Bye {
  readonly reason: string
  readonly retryMs: number
}
/** A gap moves the reader's place, so on a stream it has the cursor just before the next event. */
export type ControlFrame =
  | ({ readonly control: 'hello' } & Hello)
  | ({ readonly control: 'gap'; readonly cursor: string } & Gap)
  | ({ readonly control: 'heartbeat' } & Heartbeat)
  | ({ readonly control: 'bye' } & Bye)

/** What a WebSocket client may send, and the answer to it. */
export interface SayFrame {
  readonly say: unknown
}
export interface SaidFrame {
  readonly said: string
}

/** WebSocket close codes of the protocol (RFC 6455 §7.4: 4000–4999 are an application's own). */
export const CLOSE = {
  /** The server is closing: reconnect. */
  restart: 1012,
  /** Too many readers or messages: reconnect later. */
  tryLater: 1013,
  /** The message is not part of this protocol: do not send it again. */
  badRequest: 4400,
  /** The client read too slowly and was cut: resume from its cursor. */
  tooSlow: 4408,
} as const

/** The protocol that the `Upgrade` header names (RFC 6455 §4.1). `Sec-Fetch-Dest` has the same word for such a request. */
export const UPGRADE_TOKEN = 'websocket'

/** After so long without a write, a stream is sent a heartbeat. */
export const HEARTBEAT_MS = 15_000
