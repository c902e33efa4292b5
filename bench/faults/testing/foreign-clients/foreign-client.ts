/** A client that nobody here wrote, and how it is started. */
export interface ForeignClient {
  readonly name: string
  /** What to do where it is not installed; `null` where it is. */
  readonly missing: string | null
  /** Begins to read, and resolves to what ends it. */
  read(asking: Asking): Promise<() => unknown> | (() => unknown)
}

export interface Asking {
  /** Of the server's second port, through which everything is asked. */
  readonly origin: string
  /** The cursor to begin with. From there the client resumes by its own means. */
  readonly cursor: string
  /**
   * Takes what the client was told, as one JSON value: a batch of a poll; a frame of a WebSocket;
   * `{"id","event","data"}` for an event of a stream; or `{"cut":why}` when it notices that a connection is lost.
   */
  tell(line: string): void
}
