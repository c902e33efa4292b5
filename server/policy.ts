import { HEARTBEAT_MS } from './protocol/wire.ts'

/** The delivery contract's figures. An argument, so that tests can run them at a fraction of real time. */
export interface Policy {
  /** Watchdog after which a stream gets a heartbeat. */
  readonly heartbeatMs: number
  /** How often streams are looked at for silence and for writes that do not drain: one timer for all. */
  readonly checkEveryMs: number
  /** A write that stays undrained for so long: the reader is cut, and resumes from its cursor. */
  readonly undrainedMs: number
  /** The most that is handed to a stream in one write; the next only when it has drained. */
  readonly writeBytes: number
  /** How long a stream may wait to put more events into one write; 0: those of one turn of the event loop. */
  readonly coalesceMs: number
  /** A WebSocket whose ping is unanswered for so long is terminated. */
  readonly pongMs: number
  /** A client that acknowledges nothing for so long is hung up on, whatever it reads by. */
  readonly unackedMs: number
  /** Native readers come back after a delay drawn from here, so that they do not return as one herd. */
  readonly retryMs: { readonly least: number; readonly most: number }
  /** How long a WebSocket peer may take to answer the close when the server goes. */
  readonly graceMs: number
  /** A request's head, and all of it, must have come within so long; at least `headersMs` for all of it. */
  readonly headersMs: number
  readonly requestMs: number
  /** What one reader may say: so many at once, then so many a second. */
  readonly sayBurst: number
  readonly sayPerSecond: number
}

/** How many are let in. */
export interface Limits {
  /** Open sockets in all. */
  readonly connections: number
  /** What one address may have; null where everybody has the same one: on loopback a load test should meet no limit. */
  readonly perAddress: { readonly connections: number; readonly requestsPerSecond: number } | null
}

/** On loopback: below the 20,000 descriptors that a process commonly has. */
export const LOOPBACK_LIMITS: Limits = { connections: 16_000, perAddress: null }
/** A classroom is one address to a server outside it: 30 students with four lanes each, and their second tabs. */
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

/** When a reader is asked to come back, in whole milliseconds. */
export function drawRetryMs({ retryMs: { least, most } }: Policy): number {
  return Math.round(least + Math.random() * (most - least))
}
