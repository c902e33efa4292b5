/** Bundled for Chromium: its own EventSource, and npm packages for browsers. */
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import reconnecting from 'reconnecting-eventsource'
import { TRAITS } from '../../../../server/protocol/techniques.ts'
import type { ReadOptions } from './foreign-client.ts'
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

/** It stops for good when the response ends, unless the application throws. */
function readByFetch({ origin, cursor, report }: ReadOptions): () => void {
  const ending = new AbortController()
  const closed = new Error('closed')
  fetchEventSource(`${origin}${TRAITS.sse.endpoint}?cursor=${cursor}`, {
    signal: ending.signal,
    openWhenHidden: true,
    onmessage({ id, event, data }) {
      if (data !== '') report(JSON.stringify({ id, event: event || 'message', data: JSON.parse(data) }))
    },
    onclose() {
      throw closed
    },
    onerror() {
      report(JSON.stringify({ cut: 'closed' }))
    },
  }).catch(() => report(JSON.stringify({ cut: 'closed for good' })))
  return () => ending.abort()
}

Object.assign(globalThis, {
  /** What the library receives is collected, and reported in batches. */
  readWith(
    { library, cursor }: { library: BrowserLibrary; cursor: string },
    reportAll: (lines: readonly string[]) => void,
  ) {
    const lines: string[] = []
    setInterval(() => {
      if (lines.length > 0) reportAll(lines.splice(0))
    }, 20)
    return readers[library]({ origin: location.origin, cursor, report: line => lines.push(line) })
  },
})
