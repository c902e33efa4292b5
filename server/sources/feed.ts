/** Something to publish. */
export interface Draft {
  readonly type: string
  readonly data: unknown
  /** Milliseconds since the one before, by the times of the record; 0 where there is none. */
  readonly afterMs: number
}

/** What a source has to say, one thing after the other, without an end. */
export type Feed = () => Draft

/** A source that cannot start. `message` is a sentence for the person at the terminal. */
export class SourceError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SourceError'
  }
}
