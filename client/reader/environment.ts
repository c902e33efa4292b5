/**
 * What a reader needs of the world around it, as an argument and never detected: structural types that a browser
 * satisfies, and Node with `ws` and `eventsource`.
 *
 * The functions are called detached. A browser's own `fetch` and `setTimeout` refuse to be called as methods of
 * another object ("Illegal invocation"), so wrap them: `fetch: (input, init) => fetch(input, init)`.
 */
export interface Environment {
  /** Its answers are read chunk by chunk (`body.getReader()`), so it serves short answers and endless ones alike. */
  readonly fetch: typeof globalThis.fetch
  readonly EventSource: new (url: string) => EventSourceLike
  readonly WebSocket: new (url: string) => WebSocketLike
  /** Epoch milliseconds with a fraction, on the server's clock as far as it is known. */
  readonly now: () => number
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs: () => number
  /** `Date.now()`: milliseconds that go on while the device sleeps, and jump when the clock is set. */
  readonly wallMs: () => number
  readonly setTimeout: (run: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  /** From 0 up to but not including 1. */
  readonly random: () => number
}

/** The part of an EventSource that is used. It reconnects by itself; `readyState` 2 means it has given up. */
export interface EventSourceLike {
  readonly readyState: number
  addEventListener(type: string, listener: (message: StreamMessage) => void): void
  close(): void
}

/** What an EventSource hands to its listeners; `open` and `error` carry neither of the two. */
export interface StreamMessage {
  readonly data?: unknown
  readonly lastEventId?: string
}

/** The part of a WebSocket that is used. */
export interface WebSocketLike {
  readonly readyState: number
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (message: { readonly data: unknown }) => void): void
  addEventListener(
    type: 'close',
    listener: (ending: { readonly code: number; readonly reason: string }) => void,
  ): void
  send(text: string): void
  close(code?: number, reason?: string): void
}
