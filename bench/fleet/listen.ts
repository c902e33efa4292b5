/** Test support: a reader of one technique as anybody writes it, from what a browser has: the fleet is held against it. */
import type { Technique } from '../../server/protocol/techniques.ts'
import type { Batch, ControlFrame, Hello, LabEvent } from '../../server/protocol/wire.ts'

export interface Clients {
  readonly fetch: typeof fetch
  readonly EventSource: new (address: string) => Pick<EventSource, 'addEventListener' | 'close'>
  readonly WebSocket: new (address: string) => Pick<WebSocket, 'addEventListener' | 'close'>
}

export interface Listener {
  /** The cursor of the hello or the first answer; `null` before it has come. */
  place: string | null
  /** What it would come back with. */
  cursor: string | null
  readonly events: LabEvent[]
  /** Gaps, refusals, errors: empty in a sound test. */
  readonly complaints: string[]
}

/**
 * Reads until `signal`. It also runs as its own text in a page, so it uses nothing that it is not given: no imports, no
 * constants from outside.
 */
export function listen(
  origin: string,
  technique: Technique,
  clients: Clients,
  signal: AbortSignal,
): Listener {
  const { fetch, EventSource, WebSocket } = clients
  const listener: Listener = { place: null, cursor: null, events: [], complaints: [] }
  if (technique === 'sse') listenToEventSource()
  else if (technique === 'websocket') listenToWebSocket()
  else void ask()
  return listener

  function listenToEventSource(): void {
    const source = new EventSource(`${origin}/sse`)
    source.addEventListener('hello', message => {
      const { data, lastEventId } = message as MessageEvent<string>
      const { cursor } = JSON.parse(data) as Hello
      takePlace(cursor)
      if (lastEventId !== cursor) listener.complaints.push(`the hello of ${cursor} has the id ${lastEventId}`)
    })
    source.addEventListener('message', message => {
      const { data, lastEventId } = message as MessageEvent<string>
      listener.events.push(JSON.parse(data) as LabEvent)
      listener.cursor = lastEventId
    })
    for (const name of ['gap', 'bye', 'error'])
      source.addEventListener(name, () => listener.complaints.push(name))
    signal.addEventListener('abort', () => source.close())
  }

  function listenToWebSocket(): void {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
    socket.addEventListener('message', message => {
      const frame = JSON.parse((message as MessageEvent<string>).data) as LabEvent | ControlFrame
      if (!('control' in frame)) {
        listener.events.push(frame)
        listener.cursor = `${listener.place?.split('-')[0]}-${frame.seq}`
      } else if (frame.control === 'hello') takePlace(frame.cursor)
      else if (frame.control !== 'heartbeat') listener.complaints.push(frame.control)
    })
    for (const name of ['close', 'error'] as const) {
      socket.addEventListener(name, () => signal.aborted || listener.complaints.push(name))
    }
    signal.addEventListener('abort', () => socket.close())
  }

  async function ask(): Promise<void> {
    try {
      while (!signal.aborted) {
        const since = listener.cursor === null ? '' : `?cursor=${listener.cursor}`
        const response = await fetch(`${origin}/${technique}${since}`, { signal })
        if (!response.ok) throw new Error(`answered ${response.status}`)
        const { cursor, events, gap, more } = (await response.json()) as Batch
        if (gap !== undefined) listener.complaints.push('gap')
        if (listener.place === null) takePlace(cursor)
        listener.events.push(...events)
        listener.cursor = cursor
        if (technique === 'poll' && more === undefined) await new Promise(resolve => setTimeout(resolve, 20))
      }
    } catch (error) {
      if (!signal.aborted) listener.complaints.push(String(error))
    }
  }

  function takePlace(cursor: string): void {
    listener.place = cursor
    listener.cursor = cursor
  }
}
