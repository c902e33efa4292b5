import type { Environment, EventSourceLike, StreamMessage, WebSocketLike } from '../environment.ts'

/** Test support: an environment whose time stands still until told to pass, and whose other side is played by hand. */
export interface ScriptedWorld {
  readonly environment: Environment
  readonly nowMs: number
  /** By how much the wall clock is off the monotonic one: set it, and the clock is set. */
  wallAheadMs: number
  /** What `random` returns next and from then on. */
  random: number
  /** Timers that are armed. */
  readonly timers: number
  /** In the order in which they were made. */
  readonly requests: readonly ScriptedRequest[]
  readonly streams: readonly ScriptedEventSource[]
  readonly sockets: readonly ScriptedWebSocket[]
  /** Lets so many milliseconds pass, each timer at its instant, and everything settle that follows from it. */
  pass(ms: number): Promise<void>
  /** The process stands still for so long: no timer fires meanwhile, and those that are due fire when time passes. */
  freeze(ms: number): void
}

export interface ScriptedRequest {
  readonly startedMs: number
  readonly url: URL
  readonly init: RequestInit
  readonly open: boolean
  answer(body: unknown, head?: { status?: number; headers?: Record<string, string> }): Promise<void>
  /** As if the socket had been reset. */
  fail(): Promise<void>
}

export function scriptWorld(): ScriptedWorld {
  let nowMs = 0
  const timers = new Map<number, { atMs: number; run: () => void }>()
  let timersMade = 0
  const requests: ScriptedRequest[] = []
  const streams: ScriptedEventSource[] = []
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
    streams,
    sockets,
    pass,
    freeze(ms: number) {
      nowMs += ms
    },
    environment: {
      fetch,
      EventSource: class extends ScriptedEventSource {
        constructor(url: string) {
          super(url)
          streams.push(this)
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
        // As browsers and Node do: a delay beyond 31 bits is none.
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
      const close = (): void => {
        open = false
      }

      const abort = (): void => {
        close()
        reject(new DOMException('Aborted', 'AbortError'))
      }
      init.signal?.addEventListener('abort', abort, { once: true })

      requests.push({
        startedMs: nowMs,
        url: new URL(String(input)),
        init,
        get open() {
          return open
        },
        answer(body, { status = 200, headers = {} } = {}) {
          close()
          const text = status === 304 ? null : typeof body === 'string' ? body : JSON.stringify(body)
          resolve(new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } }))
          return settle()
        },
        fail() {
          close()
          reject(new TypeError('fetch failed'))
          return settle()
        },
      })
    })
  }
}

/** Promises that wait for promises, and the turns that a body takes to be read. */
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
