import type { Environment, EventSourceLike, StreamMessage, WebSocketLike } from '../environment.ts'

/** An environment whose time stands still until it is told to pass, and whose server a test plays by hand. */
export interface ScriptedWorld {
  readonly environment: Environment
  readonly nowMs: number
  /** How far the wall clock is ahead of the monotonic one. Assign it to set the clock. */
  wallAheadMs: number
  /** What `random` returns. */
  random: number
  /** Timers that are armed. */
  readonly timers: number
  /** In the order in which they were made. */
  readonly requests: readonly ScriptedRequest[]
  readonly eventSources: readonly ScriptedEventSource[]
  readonly sockets: readonly ScriptedWebSocket[]
  /** Requests sent and connections begun, of all three kinds. */
  readonly begun: number
  /** How many of them are not over. */
  readonly open: number
  /** Lets time pass, fires each timer at its instant, and waits for everything that follows from it. */
  pass(ms: number): Promise<void>
  /** The process stands still: no timer fires meanwhile, and those that are due fire when time passes. */
  freeze(ms: number): void
}

export interface ScriptedRequest {
  readonly startedMs: number
  readonly url: URL
  readonly init: RequestInit
  readonly open: boolean
  answer(body: unknown, head?: Head): Promise<void>
  /** Answers with a body that the test writes as it goes. The request stays open until the body ends. */
  stream(head?: Head): Promise<ScriptedBody>
  /** As if the socket had been reset. */
  fail(): Promise<void>
}

interface Head {
  readonly status?: number
  readonly headers?: Record<string, string>
}

/** The body of an answer, while it is being written. */
export interface ScriptedBody {
  /** Writes one chunk. A chunk may end anywhere, also within a character: give bytes for that. */
  write(chunk: string | Uint8Array): Promise<void>
  end(): Promise<void>
  /** As if the socket had been reset in the middle of it. */
  cut(): Promise<void>
}

export function scriptWorld(): ScriptedWorld {
  let nowMs = 0
  const timers = new Map<number, { atMs: number; run: () => void }>()
  let timersMade = 0
  const requests: ScriptedRequest[] = []
  const eventSources: ScriptedEventSource[] = []
  const sockets: ScriptedWebSocket[] = []

  const world = {
    random: 0.5,
    wallAheadMs: 0,
    get nowMs() {
      return nowMs
    },
    get timers() {
      return timers.size
    },
    requests,
    eventSources,
    sockets,
    get begun() {
      return requests.length + eventSources.length + sockets.length
    },
    get open() {
      const openRequests = requests.filter(request => request.open)
      const openSources = eventSources.filter(({ readyState }) => readyState !== 2)
      const openSockets = sockets.filter(({ readyState }) => readyState < 2)
      return openRequests.length + openSources.length + openSockets.length
    },
    pass,
    freeze(ms: number) {
      nowMs += ms
    },
    environment: {
      fetch,
      EventSource: class extends ScriptedEventSource {
        constructor(url: string) {
          super(url)
          eventSources.push(this)
        }
      },
      WebSocket: class extends ScriptedWebSocket {
        constructor(url: string) {
          super(url)
          sockets.push(this)
        }
      },
      now: () => 1_763_805_412_000 + nowMs,
      monotonicMs: () => nowMs,
      wallMs: () => 1_763_805_412_000 + nowMs + world.wallAheadMs,
      setTimeout: (run: () => void, ms: number) => {
        timersMade += 1
        // Browsers and Node do the same: a delay beyond 31 bits is no delay.
        timers.set(timersMade, { atMs: nowMs + (ms < 2 ** 31 ? ms : 0), run })
        return timersMade
      },
      clearTimeout: (timer: unknown) => {
        timers.delete(Number(timer))
      },
      random: () => world.random,
    },
  }
  return world

  async function pass(ms: number): Promise<void> {
    const untilMs = nowMs + ms
    await settle()
    for (;;) {
      const [next] = [...timers].sort(([, a], [, b]) => a.atMs - b.atMs)
      if (next === undefined || next[1].atMs > untilMs) break
      nowMs = Math.max(nowMs, next[1].atMs)
      timers.delete(next[0])
      next[1].run()
      await settle()
    }
    nowMs = untilMs
  }

  function fetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      let open = true
      let body: ReadableStreamDefaultController<Uint8Array> | null = null
      init.signal?.addEventListener('abort', () => breakOff(new DOMException('Aborted', 'AbortError')), {
        once: true,
      })

      requests.push({
        startedMs: nowMs,
        url: new URL(String(input)),
        init,
        get open() {
          return open
        },
        answer(content, { status = 200, headers = {} } = {}) {
          open = false
          const text = status === 304 ? null : typeof content === 'string' ? content : JSON.stringify(content)
          resolve(new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } }))
          return settle()
        },
        async stream({ status = 200, headers = {} } = {}) {
          const content = new ReadableStream<Uint8Array>({
            start(controller) {
              body = controller
            },
            cancel() {
              open = false
            },
          })
          resolve(new Response(content, { status, headers }))
          await settle()
          return { write, end, cut: () => fail('terminated') }
        },
        fail: () => fail('fetch failed'),
      })

      function write(chunk: string | Uint8Array): Promise<void> {
        if (open) body?.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
        return settle()
      }

      function end(): Promise<void> {
        if (open) body?.close()
        open = false
        return settle()
      }

      function fail(message: string): Promise<void> {
        breakOff(new TypeError(message))
        return settle()
      }

      /** Before the head it rejects the request, after that the body. */
      function breakOff(error: Error): void {
        if (open) body?.error(error)
        open = false
        reject(error)
      }
    })
  }
}

/** Long enough for promises that wait for promises, and for a body to be read. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve))
}

class Listeners<Message> {
  readonly #listeners = new Map<string, ((message: Message) => void)[]>()

  addEventListener(type: string, listener: (message: Message) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  protected emit(type: string, message: Message): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(message)
  }
}

export class ScriptedEventSource extends Listeners<StreamMessage> implements EventSourceLike {
  readyState = 0
  readonly url: URL

  constructor(url: string) {
    super()
    this.url = new URL(url)
  }

  accept(): void {
    this.readyState = 1
    this.emit('open', {})
  }

  send(type: string, data: unknown, lastEventId = ''): void {
    if (this.readyState === 1) this.emit(type, { data: JSON.stringify(data), lastEventId })
  }

  /** The connection is lost, and it reconnects by itself. */
  cut(): void {
    this.readyState = 0
    this.emit('error', {})
  }

  /** Refused: it gives up. */
  refuse(): void {
    this.readyState = 2
    this.emit('error', {})
  }

  close(): void {
    this.readyState = 2
  }
}

interface SocketMessage {
  readonly data: unknown
  readonly code: number
  readonly reason: string
}

export class ScriptedWebSocket extends Listeners<SocketMessage> implements WebSocketLike {
  readyState = 0
  readonly url: URL
  readonly sent: string[] = []

  constructor(url: string) {
    super()
    this.url = new URL(url)
  }

  accept(): void {
    this.readyState = 1
    this.emit('open', { data: '', code: 0, reason: '' })
  }

  receive(frame: unknown): void {
    this.emit('message', { data: JSON.stringify(frame), code: 0, reason: '' })
  }

  end(code: number, reason = ''): void {
    this.readyState = 3
    this.emit('close', { data: '', code, reason })
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = 3
  }
}
