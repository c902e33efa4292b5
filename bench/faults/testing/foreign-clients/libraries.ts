import { EventSource as EventSource4 } from 'eventsource'
import EventSource2 from 'eventsource-2'
import { EventSource as UndiciEventSource, WebSocket as UndiciWebSocket } from 'undici'
import type { ForeignClient } from './foreign-client.ts'
import { readEventSource, readWebSocket } from './standard-readers.ts'

/** npm packages for Node, in this process. */
export const LIBRARIES: readonly ForeignClient[] = [
  { name: 'eventsource 4.x', missing: null, read: readEventSource(url => new EventSource4(url)) },
  { name: 'eventsource 2.x', missing: null, read: readEventSource(url => new EventSource2(url)) },
  { name: "undici's EventSource", missing: null, read: readEventSource(openUndici) },
  { name: "undici's WebSocket", missing: null, read: readWebSocket(url => new UndiciWebSocket(url)) },
]

/** It warns once that it is experimental, which would otherwise be in the output of every test run. */
function openUndici(url: string): UndiciEventSource {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return new UndiciEventSource(url)
  } finally {
    process.emitWarning = emitWarning
  }
}
