/** A reader of one technique written with what a browser has, as anybody would: the fleet is compared with it. */
import type { TechniqueTraits } from '../../../server/protocol/techniques.ts'
import type { Batch, ControlFrame, Hello, LabEvent } from '../../../server/protocol/wire.ts'

export interface Clients {
  readonly fetch: typeof fetch
  readonly EventSource: new (address: string) => Pick<EventSource, 'addEventListener' | 'close'>
  readonly WebSocket: new (address: string) => Pick<WebSocket, 'addEventListener' | 'close'>
}

export interface Listener {
  /** The cursor of the hello or the first answer; `null` before it has come. */
  place: string | null
  /** The cursor with which it would come back. */
  cursor: string | null
  readonly events: LabEvent[]
  /** Gaps, refusals, errors: empty in a sound test. */
  readonly complaints: string[]
}

/**
 * Reads until `signal`. Its source text also runs in a page, so it uses nothing but its arguments: no imports and no
 * constants from outside.
 */
export function listen(
  origin: string,
  traits: TechniqueTraits,
  clients: Clients,
  signal: AbortSignal,
): Listener {
  const { fetch, EventSource, WebSocket } = clients
  const address = origin + traits.endpoint
  const listener: Listener = { place: null, cursor: null, events: [], complaints: [] }
  if (traits.upgrades) listenToWebSocket()
  else if (traits.mediaType === 'text/event-stream') listenToEventSource()
  else if (traits.delivery === 'stream') void readLines().catch(complain)
  else void readAnswers().catch(complain)
  return listener

  function listenToEventSource(): void {
    const source = new EventSource(address)
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
    const socket = new WebSocket(address.replace('http', 'ws'))
    socket.addEventListener('message', message => takeText((message as MessageEvent<string>).data))
    for (const name of ['close', 'error'] as const) socket.addEventListener(name, () => complain(name))
    signal.addEventListener('abort', () => socket.close())
  }

  /** A body of lines, one JSON text each. */
  async function readLines(): Promise<void> {
    const { ok, status, body } = await fetch(address, { signal })
    if (!ok || body === null) throw new Error(`answered ${status}`)
    let rest = ''
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) takeText(line)
    }
    throw new Error('the body ended')
  }

  async function readAnswers(): Promise<void> {
    while (!signal.aborted) {
      const since = listener.cursor === null ? '' : `?cursor=${listener.cursor}`
      const response = await fetch(address + since, { signal })
      if (!response.ok) throw new Error(`answered ${response.status}`)
      const { cursor, events, gap, more } = (await response.json()) as Batch
      if (gap !== undefined) listener.complaints.push('gap')
      if (listener.place === null) takePlace(cursor)
      listener.events.push(...events)
      listener.cursor = cursor
      if (traits.requests === 'at-intervals' && more === undefined)
        await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  function takeText(text: string): void {
    const message = JSON.parse(text) as LabEvent | ControlFrame
    if (!('control' in message)) {
      listener.events.push(message)
      listener.cursor = `${listener.place?.split('-')[0]}-${message.seq}`
    } else if (message.control === 'hello') takePlace(message.cursor)
    else if (message.control !== 'heartbeat') listener.complaints.push(message.control)
  }

  function takePlace(cursor: string): void {
    listener.place = cursor
    listener.cursor = cursor
  }

  function complain(error: unknown): void {
    if (!signal.aborted) listener.complaints.push(String(error))
  }
}
