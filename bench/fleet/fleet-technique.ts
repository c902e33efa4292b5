import type { Hello } from '../../server/protocol/wire.ts'
import type { HttpHead } from './http-head.ts'

/** All that the bench needs to know of one technique. Each has a file that exports one of these. */
export interface FleetTechnique {
  /** How the fleet reads one connection. */
  readonly createReader: CreateReader
  /** A request for what follows `cursor`, to capture its answer; a newcomer has no cursor. */
  formatRequest(host: string, cursor: string | null): string
  /**
   * Finds, in an answer as far as it has come, the bytes that a floor sends: one event of a stream, or the body of an
   * answer. `null` while they have not come in full.
   */
  findPayload(bytes: Buffer, head: HttpHead): { readonly start: number; readonly end: number } | null
  /**
   * What the null server sends. A capture cannot be replayed in its place: the answer to an upgrade depends on the
   * client's key, and the server cannot be told how many events to put into an answer.
   */
  readonly encode: {
    /** The answer to a newcomer's `request`, without events. */
    hello(request: string, hello: Hello): Buffer
    /** Events of a stream, one after the other; or one answer that holds all of them. */
    events(events: readonly EncodedEvent[]): Buffer
  }
}

export interface EncodedEvent {
  readonly cursor: string
  readonly text: string
}

export type CreateReader = (context: ReaderContext) => Reader

/** One technique's side of one connection. Throws on bytes that break the protocol. */
export interface Reader {
  /** Called once the socket is connected. */
  start(): void
  /** `bytes` lie in a shared buffer that the next read overwrites: no part of them may be kept. */
  read(bytes: Buffer): void
  /** Sends no further requests at intervals; the answer to one under way still comes. Streams have nothing to pause. */
  pause(): void
  resume(): void
}

/** What the fleet gives to each reader. */
export interface ReaderContext {
  /** `host:port`, for the request. */
  readonly host: string
  /** The cursor at which its last connection ended; `null` for a newcomer. */
  readonly from: string | null
  /** Text is counted as a request; bytes are not. */
  readonly send: (bytes: string | Buffer) => void
  /** The hello or the first answer has come, and with it the reader's place in the log. */
  readonly onPlace: (seq: number, epoch: string) => void
  /** An event has come. `at` is its intended publish time in epoch milliseconds; `null` from a reader that only counts. */
  readonly onEvent: (seq: number, at: number | null) => void
  /** A request was answered in full. */
  readonly onAnswer: () => void
  /**
   * A sentinel parses each event in full. The others find its end and read its number: if all parsed, the fleet would be
   * measured instead of the server.
   */
  readonly sentinel: boolean
  /** The time from one request to the next; it may change. */
  readonly pollIntervalMs: () => number
  readonly random: () => number
  /** Set against a floor, which keeps no log: answers are counted but not read, and requests name this cursor. */
  readonly blindCursor: string | null
}
