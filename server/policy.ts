import { HEARTBEAT_MS } from './protocol/wire.ts'

/** The figures of the delivery contract. An argument, so that tests can run at a fraction of real time. */
export interface Policy {
  /** After so long without a write, a stream is sent a heartbeat. */
  readonly heartbeatMs: number
  /** How often streams are checked for silence and for writes that do not drain; one timer for all. */
  readonly checkEveryMs: number
  /** A reader whose write stays undrained for so long is cut, and resumes from its cursor. */
  readonly undrainedMs: number
  /** The most bytes that a stream gets in one write; the next write follows when it has drained. */
  readonly writeBytes: number
  /** How long a stream may wait to put more events into one write; with 0, those of one turn of the event loop. */
  readonly coalesceMs: number
  /** A WebSocket whose ping is unanswered for so long is terminated. */
  readonly pongMs: number
  /** The connection of a client that acknowledges nothing for so long is closed, whatever its technique. */
  readonly unackedMs: number
  /** Native readers reconnect after a delay drawn from this range, so that they do not return as one herd. */
  readonly retryMs: { readonly least: number; readonly most: number }
  /** How long clients may take to close their side when the server closes. */
  readonly graceMs: number
  /** How long the head of a request, and the whole request, may take to arrive. `requestMs` is the longer one. */
  readonly headersMs: number
  readonly requestMs: number
  /** How many messages one reader may send: so many at once, then so many a second. */
  readonly sayBurst: number
  readonly sayPerSecond: number
}

/** How many are admitted. */
export interface Limits {
  /** Open sockets in all. */
  readonly connections: number
  /** What one address may have. Null on loopback, where all have the same address and a load test should meet no limit. */
  readonly perAddress: { readonly connections: number; readonly requestsPerSecond: number } | null
}

/** For loopback: below the 20,000 descriptors that a process commonly has. */
export const LOOPBACK_LIMITS: Limits = { connections: 16_000, perAddress: null }
/** A server outside a classroom sees it as one address: 30 students with four lanes each, and their second tabs. */
export const NETWORK_LIMITS: Limits = {
  connections: 2000,
  perAddress: { connections: 400, requestsPerSecond: 400 },
}

export const POLICY: Policy = {
  heartbeatMs: HEARTBEAT_MS,
  checkEveryMs: 1000,
  undrainedMs: 10_000,
  writeBytes: 64 * 1024,
  coalesceMs: 0,
  pongMs: 10_000,
  unackedMs: 45_000,
  retryMs: { least: 1000, most: 3000 },
  graceMs: 300,
  headersMs: 20_000,
  requestMs: 30_000,
  sayBurst: 20,
  sayPerSecond: 10,
}

/** Draws after how many whole milliseconds a reader should come back. */
export function drawRetryMs({ retryMs: { least, most } }: Policy): number {
  return Math.round(least + Math.random() * (most - least))
}

/** The largest request head. Cookies belong to a host name and not to a port, so browsers send those of all projects on localhost. */
export const HEAD_MAX_BYTES = 20_000
