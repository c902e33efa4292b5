import { connect } from 'node:net'
import { WebSocket } from 'ws'
import type { Technique } from '../protocol/techniques.ts'
import type { Gap } from '../protocol/wire.ts'

/** A plain reader of one technique: it only writes down what came, as it came. No retry, no audit. */
export interface WireReader {
  /** The texts of the events, in the order in which they came. */
  readonly texts: readonly string[]
  /** Gaps, each with the number of events that came before it. */
  readonly gaps: readonly { readonly gap: Gap; readonly after: number }[]
  /** The types of the control messages; a poll has none. */
  readonly controls: readonly string[]
  /** The cursor that it would come back with. */
  readonly place: string
  /** Bytes that it sent and received, heads included. */
  readonly bytes: { readonly sent: number; readonly received: number }
  /** The connection has ended. */
  readonly ended: boolean
  /** Resolves once it holds; rejects after five seconds, saying what it has instead. */
  until(holds: (reader: WireReader) => boolean): Promise<void>
  leave(): Promise<void>
}

type Open = (origin: string, query?: string) => Promise<WireReader>

/** One for each technique; each resolves once the reader has learnt its place. */
export const openReader: Readonly<Record<Technique, Open>> = {
  poll: (origin, query) => ask(origin, '/poll', query),
  'long-poll': (origin, query) => ask(origin, '/long-poll', query),
  sse: openSse,
  websocket: openWebSocket,
}

/** What a reader writes down. */
function notebook() {
  const pages = {
    texts: [] as string[],
    gaps: [] as { gap: Gap; after: number }[],
    controls: [] as string[],
    place: '',
    bytes: { sent: 0, received: 0 },
    ended: false,
  }
  const book = Object.assign(pages, {
    leave: async () => {},
    note(gap: Gap) {
      pages.gaps.push({ gap, after: pages.texts.length })
    },
    event(text: string) {
      pages.texts.push(text)
      pages.place = `${pages.place.slice(0, 10)}-${JSON.parse(text).seq}`
    },
    async until(holds: (reader: WireReader) => boolean) {
      const giveUpAt = performance.now() + 5000
      while (!holds(book)) {
        if (performance.now() > giveUpAt) {
          const { texts, ...rest } = pages
          throw new Error(`never happened: ${holds} with ${texts.length} texts, ${JSON.stringify(rest)}`)
        }
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
  })
  return book
}

/** Asks over one connection again and again, each time from where the last answer left it. */
async function ask(origin: string, endpoint: string, query = ''): Promise<WireReader> {
  const book = notebook()
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true })
  let unread = Buffer.alloc(0)
  let left = false
  let answered = true
  socket.on('error', () => {})
  socket.once('close', () => {
    book.ended = true
  })
  const next = (query: string) => {
    if (left) return
    const head = `GET ${endpoint}?${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`
    book.bytes.sent += head.length
    answered = false
    socket.write(head)
  }
  socket.on('data', chunk => {
    book.bytes.received += chunk.length
    unread = Buffer.concat([unread, chunk])
    const headEnd = unread.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = unread.toString('latin1', 0, headEnd)
    const end = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (unread.length < end) return
    const body = unread.toString('utf8', headEnd + 4, end)
    unread = unread.subarray(end)
    answered = true
    // The lab is closing, and says so to whoever still asks.
    if (!head.startsWith('HTTP/1.1 200')) return
    read(body)
    setTimeout(next, endpoint === '/poll' ? 5 : 0, `cursor=${book.place}`)
  })
  function read(body: string): void {
    const batch = JSON.parse(body)
    if (batch.gap !== undefined) book.note(batch.gap)
    // The texts as they stand in the body, not as they would be made again.
    let rest = body.slice(body.indexOf('"events":[') + '"events":['.length)
    for (const event of batch.events) {
      const text = rest.slice(0, JSON.stringify(event).length)
      rest = rest.slice(text.length + 1)
      book.event(text)
    }
    book.place = batch.cursor
  }
  // Whoever comes with a cursor knows its place, and may be held without an answer.
  book.place = /cursor=([a-z0-9]{10}-\d+)/.exec(query)?.[1] ?? ''
  next(query)
  await book.until(() => book.place !== '' || book.ended)
  return Object.assign(book, {
    async leave() {
      left = true
      // An answer under way would be bytes that the server sent and nobody received.
      if (endpoint === '/poll') await book.until(() => answered || book.ended)
      await leaveSocket(socket, book)
    },
  })
}

async function openSse(origin: string, query = ''): Promise<WireReader> {
  const book = notebook()
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true })
  let unread = Buffer.alloc(0)
  let inBody = false
  socket.on('error', () => {})
  socket.once('close', () => {
    book.ended = true
  })
  const head = `GET /sse?${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`
  book.bytes.sent += head.length
  socket.write(head)
  socket.on('data', chunk => {
    book.bytes.received += chunk.length
    unread = Buffer.concat([unread, chunk])
    for (let end = unread.indexOf(inBody ? '\n\n' : '\r\n\r\n'); end >= 0; end = unread.indexOf('\n\n')) {
      const block = unread.toString('utf8', 0, end)
      unread = unread.subarray(end + (inBody ? 2 : 4))
      if (inBody) read(block)
      inBody = true
    }
  })
  function read(block: string): void {
    const fields = new Map(block.split('\n').map(line => line.split(/: (.*)/s, 2) as [string, string]))
    const kind = fields.get('event')
    const data = fields.get('data') ?? ''
    if (kind === 'gap') book.note(JSON.parse(data))
    if (kind === undefined) book.event(data)
    else book.controls.push(kind)
    book.place = fields.get('id') ?? book.place
  }
  await book.until(() => book.place !== '' || book.ended)
  return Object.assign(book, { leave: () => leaveSocket(socket, book) })
}

async function openWebSocket(origin: string, query = ''): Promise<WireReader> {
  const book = notebook()
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws?${query}`, { perMessageDeflate: false })
  // Only read off: a listener for its data would take the first frames away from ws.
  socket.once('upgrade', ({ socket: raw }) => {
    book.bytes = {
      get sent() {
        return raw.bytesWritten
      },
      get received() {
        return raw.bytesRead
      },
    }
  })
  socket.on('message', data => {
    const text = data.toString()
    const message = JSON.parse(text)
    if (message.control === undefined && message.said === undefined) return book.event(text)
    book.controls.push(message.control ?? 'said')
    if (message.control === 'gap') {
      const { control: _control, cursor: _cursor, ...gap } = message
      book.note(gap)
    }
    book.place = message.cursor ?? book.place
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    book.ended = true
  })
  await book.until(() => book.place !== '' || book.ended)
  return Object.assign(book, {
    async leave() {
      socket.terminate()
      await book.until(reader => reader.ended)
    },
  })
}

async function leaveSocket(
  socket: { destroy(): unknown },
  book: { until: WireReader['until'] },
): Promise<void> {
  socket.destroy()
  await book.until(reader => reader.ended)
}
