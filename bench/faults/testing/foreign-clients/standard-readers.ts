import type { Asking } from './foreign-client.ts'

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

/** Resumes by itself, with the last id. Nothing here knows of places but the first. */
export function readEventSource(open: (url: string) => AnyEventSource) {
  return ({ origin, cursor, tell }: Asking): (() => void) => {
    const source = open(`${origin}/sse?cursor=${cursor}`)
    for (const event of ['message', 'gap'])
      source.addEventListener(event, ({ data, lastEventId }) => {
        tell(JSON.stringify({ id: lastEventId, event, data: JSON.parse(String(data)) }))
      })
    source.addEventListener('error', () => {
      tell(JSON.stringify({ cut: source.readyState === CLOSED ? 'closed for good' : 'closed' }))
    })
    return () => source.close()
  }
}

/** A WebSocket does not come back by itself: a new one is opened at the place of the one before. */
export function readWebSocket(open: (url: string) => AnyWebSocket) {
  return ({ origin, cursor, tell }: Asking): (() => void) => {
    let place = cursor
    let stopped = false
    let socket = connect()
    return () => {
      stopped = true
      socket.close()
    }

    function connect(): AnyWebSocket {
      const opened = open(`${origin.replace('http', 'ws')}/ws?cursor=${place}`)
      opened.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(String(data)) as { seq?: number; cursor?: string }
        place = frame.seq === undefined ? (frame.cursor ?? place) : `${place.split('-')[0]}-${frame.seq}`
        tell(String(data))
      })
      opened.addEventListener('close', () => {
        if (stopped) return
        tell(JSON.stringify({ cut: 'closed' }))
        setTimeout(() => {
          if (!stopped) socket = connect()
        }, 100)
      })
      return opened
    }
  }
}
