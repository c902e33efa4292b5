/** An event to publish. */
export interface Draft {
  readonly type: string
  readonly data: unknown
  /** Milliseconds after the draft before, by the times of the record; 0 without a record. */
  readonly afterMs: number
}

/** An endless sequence of drafts. */
export type Feed = () => Draft

/** Why a source cannot start. `message` is a sentence for the person at the terminal. */
export class SourceError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SourceError'
  }
}
