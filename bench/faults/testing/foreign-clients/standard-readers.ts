import { TRAITS } from '../../../../server/protocol/techniques.ts'
import type { ReadOptions } from './foreign-client.ts'

/** What all EventSources have in common, whoever wrote them. */
export interface AnyEventSource {
  readonly readyState: number
  addEventListener(type: string, listen: (message: { data?: unknown; lastEventId?: unknown }) => void): void
  close(): void
}

/** And all WebSockets. */
export interface AnyWebSocket {
  addEventListener(type: string, listen: (message: { data?: unknown }) => void): void
  close(): void
}

const CLOSED = 2

/** An EventSource resumes by itself, with the last id: only the first cursor is given to it. */
export function readEventSource(open: (url: string) => AnyEventSource) {
  return ({ origin, cursor, report }: ReadOptions): (() => void) => {
    const source = open(`${origin}${TRAITS.sse.endpoint}?cursor=${cursor}`)
    for (const event of ['message', 'gap'])
      source.addEventListener(event, ({ data, lastEventId }) => {
        report(JSON.stringify({ id: lastEventId, event, data: JSON.parse(String(data)) }))
      })
    source.addEventListener('error', () => {
      report(JSON.stringify({ cut: source.readyState === CLOSED ? 'closed for good' : 'closed' }))
    })
    return () => source.close()
  }
}

/** A WebSocket does not reconnect by itself: a new one is opened with the cursor of the one before. */
export function readWebSocket(open: (url: string) => AnyWebSocket) {
  return ({ origin, cursor: start, report }: ReadOptions): (() => void) => {
    let cursor = start
    let stopped = false
    let socket = connect()
    return () => {
      stopped = true
      socket.close()
    }

    function connect(): AnyWebSocket {
      const opened = open(`${origin.replace('http', 'ws')}${TRAITS.websocket.endpoint}?cursor=${cursor}`)
      opened.addEventListener('message', ({ data }) => {
        cursor = cursorAfterFrame(cursor, String(data))
        report(String(data))
      })
      opened.addEventListener('close', () => {
        if (stopped) return
        report(JSON.stringify({ cut: 'closed' }))
        setTimeout(() => {
          if (!stopped) socket = connect()
        }, 100)
      })
      return opened
    }
  }
}

/** Where a reader is after an event or a control message, which may carry a cursor. */
export function cursorAfterFrame(cursor: string, frame: string): string {
  const { seq, cursor: next } = JSON.parse(frame) as { seq?: number; cursor?: string }
  return seq === undefined ? (next ?? cursor) : `${cursor.split('-')[0]}-${seq}`
}
