import type { Socket } from 'node:net'

/** To every reader so many writes, or answers, of so many events each, as fast as they leave. */
export interface Flood {
  readonly rounds: number
  readonly eventsAtOnce: number
}

/** One technique's side of the null server. */
export interface NullEndpoint {
  /** Something has come from a reader: its first words, or its next ask. */
  heard(socket: Socket, bytes: Buffer): void
  gone(socket: Socket): void
  flood(flood: Flood): void
}
