/** What the fleet gives to each of its readers. */
export interface ReaderContext {
  /** `host:port`, for the request's head. */
  readonly host: string
  /** The cursor to ask with: where this reader stood when its last connection ended; `null` for a newcomer. */
  readonly from: string | null
  readonly send: (bytes: string | Buffer) => void
  /** The place is known: the hello or the first batch has come. */
  readonly onPlace: (seq: number, epoch: string) => void
  /**
   * An event has come. `at` is its intended publish time in epoch milliseconds, or `null` when this reader
   * only counts: parsing every event in every reader would measure the fleet instead of the server.
   */
  readonly onEvent: (seq: number, at: number | null) => void
  /** A poll was answered. */
  readonly onAnswer: () => void
  /** Sentinels parse each event in full; the others frame it and read its number. */
  readonly sentinel: boolean
  /** Polls: the time between two asks from now on, and a number in [0, 1) for the phase of the first. */
  readonly pollIntervalMs: () => number
  readonly random: () => number
  /** Against a floor, which has no log: answers are counted, not read, and this cursor is asked with. */
  readonly blindCursor: string | null
}

/** One technique's side of one connection. Throws on bytes that break the protocol. */
export interface Reader {
  /** The socket is connected. */
  start(): void
  /** `bytes` lie in a shared buffer: nothing of them may be kept. */
  read(bytes: Buffer): void
  /** Polls stop asking (an answer under way still comes); streams have nothing to pause. */
  pause(): void
  resume(): void
}

export type CreateReader = (context: ReaderContext) => Reader

/** The endpoint with the place to go on from; a newcomer names none. */
export function pathFrom(endpoint: string, cursor: string | null): string {
  return cursor === null ? endpoint : `${endpoint}?cursor=${cursor}`
}

/** The number of the event whose text begins at `start` with `{"seq":`, without parsing the rest. */
export function readSeq(bytes: Buffer, start: number): number {
  let seq = 0
  for (let index = start; ; index++) {
    const digit = (bytes[index] ?? 0) - 48
    if (digit < 0 || digit > 9) return seq
    seq = seq * 10 + digit
  }
}
