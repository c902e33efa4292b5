/** Bundled for Chromium: its own EventSource, and npm packages that were made for a browser. */
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import reconnecting from 'reconnecting-eventsource'
import type { Asking } from './foreign-client.ts'
import { type AnyEventSource, readEventSource } from './standard-readers.ts'

/** The package's types describe its CommonJS build only. */
const ReconnectingEventSource = reconnecting as unknown as new (
  url: string,
  init: { max_retry_time: number },
) => AnyEventSource

export type BrowserLibrary = keyof typeof readers

const readers = {
  "Chromium's EventSource": readEventSource(url => new EventSource(url)),
  'event-source-polyfill': readEventSource(url => new EventSourcePolyfill(url)),
  'reconnecting-eventsource': readEventSource(
    url => new ReconnectingEventSource(url, { max_retry_time: 500 }),
  ),
  '@microsoft/fetch-event-source': readByFetch,
}

/** It ends for good with the answer, unless the application throws. */
function readByFetch({ origin, cursor, tell }: Asking): () => void {
  const ending = new AbortController()
  const closed = new Error('closed')
  fetchEventSource(`${origin}/sse?cursor=${cursor}`, {
    signal: ending.signal,
    openWhenHidden: true,
    onmessage({ id, event, data }) {
      if (data !== '') tell(JSON.stringify({ id, event: event || 'message', data: JSON.parse(data) }))
    },
    onclose() {
      throw closed
    },
    onerror() {
      tell(JSON.stringify({ cut: 'closed' }))
    },
  }).catch(() => tell(JSON.stringify({ cut: 'closed for good' })))
  return () => ending.abort()
}

Object.assign(globalThis, {
  /** `cursor` is where to begin; what is told is gathered until it is taken. */
  readWith(
    { library, cursor }: { library: BrowserLibrary; cursor: string },
    tell: (lines: readonly string[]) => void,
  ) {
    const lines: string[] = []
    setInterval(() => {
      if (lines.length > 0) tell(lines.splice(0))
    }, 20)
    return readers[library]({ origin: location.origin, cursor, tell: line => lines.push(line) })
  },
})
