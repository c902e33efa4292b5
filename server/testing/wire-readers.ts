import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { asksAtIntervals, type Technique, traitsOf } from '../protocol/techniques.ts'
import type { Gap } from '../protocol/wire.ts'

/** A plain reader of one technique. It only records what arrived, as it arrived: no retry, no audit. */
export interface WireReader {
  /** The texts of the events, in the order of arrival. */
  readonly texts: readonly string[]
  /** The gaps, each with the number of events that arrived before it. */
  readonly gaps: readonly { readonly gap: Gap; readonly after: number }[]
  /** The types of the control messages. Answers have none. */
  readonly controls: readonly string[]
  /** The cursor that it would resume from. */
  readonly place: string
  /** Bytes that it sent and received, heads included. */
  readonly bytes: { readonly sent: number; readonly received: number }
  /** The connection has ended. */
  readonly ended: boolean
  /** Resolves once the condition holds; rejects after five seconds with what was recorded. */
  until(holds: (reader: WireReader) => boolean): Promise<void>
  leave(): Promise<void>
}

/** Opens a reader; resolves once it knows its place, or its connection has ended. */
export function openReader(technique: Technique, origin: string, query = ''): Promise<WireReader> {
  const { upgrades, mediaType } = traitsOf(technique)
  const open = OPEN[upgrades ? 'upgrade' : (mediaType ?? '')]
  if (open !== undefined) return open(technique, origin, query)
  throw new Error(`add a reader of ${mediaType} to server/testing/wire-readers.ts for ${technique}`)
}

type Open = (technique: Technique, origin: string, query: string) => Promise<WireReader>

/** One for each kind of wire: by media type, or the upgrade. */
const OPEN: Readonly<Record<string, Open>> = {
  'application/json': openAnswers,
  'text/event-stream': (technique, origin, query) =>
    openHttpStream(technique, origin, query, '\n\n', readEventBlock),
  'application/x-ndjson': (technique, origin, query) =>
    openHttpStream(technique, origin, query, '\n', readMessage),
  upgrade: openFrames,
}

interface Recorder extends WireReader {
  place: string
  bytes: { readonly sent: number; readonly received: number }
  ended: boolean
  event(text: string): void
  gap(gap: Gap): void
  control(type: string): void
}

function createRecorder(): Recorder {
  const texts: string[] = []
  const gaps: { gap: Gap; after: number }[] = []
  const controls: string[] = []
  const recorder: Recorder = {
    texts,
    gaps,
    controls,
    place: '',
    bytes: { sent: 0, received: 0 },
    ended: false,
    event(text) {
      texts.push(text)
      recorder.place = `${recorder.place.slice(0, 10)}-${JSON.parse(text).seq}`
    },
    gap: gap => void gaps.push({ gap, after: texts.length }),
    control: type => void controls.push(type),
    async until(holds) {
      const giveUpAt = performance.now() + 5000
      while (!holds(recorder)) {
        if (performance.now() > giveUpAt) {
          const { texts, ...rest } = recorder
          throw new Error(`never happened: ${holds} with ${texts.length} texts, ${JSON.stringify(rest)}`)
        }
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
    leave: async () => {},
  }
  return recorder
}

interface HttpConnection {
  readonly socket: Socket
  /** Sends a GET for this query. */
  get(query: string): void
}

/** Connects, and hands over all bytes that have not been taken each time some arrive; `take` returns the rest. */
function openHttp(
  technique: Technique,
  origin: string,
  recorder: Recorder,
  take: (unread: Buffer) => Buffer,
): HttpConnection {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true })
  const bytes = { sent: 0, received: 0 }
  let unread: Buffer = Buffer.alloc(0)
  recorder.bytes = bytes
  socket.on('error', () => {})
  socket.once('close', () => {
    recorder.ended = true
  })
  socket.on('data', chunk => {
    bytes.received += chunk.length
    unread = take(Buffer.concat([unread, chunk]))
  })
  return { socket, get }

  function get(query: string): void {
    const head = `GET ${traitsOf(technique).endpoint}?${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`
    bytes.sent += head.length
    socket.write(head)
  }
}

/** Sends one request after the other on one connection, each from where the last answer left off. */
async function openAnswers(technique: Technique, origin: string, query: string): Promise<WireReader> {
  const recorder = createRecorder()
  const client = /client=\w+/.exec(query)?.[0]
  const pauseMs = asksAtIntervals(technique) ? 5 : 0
  let left = false
  let answered = true
  const { socket, get } = openHttp(technique, origin, recorder, take)
  // A reader that brings a cursor knows its place, and may be held without an answer.
  recorder.place = /cursor=([a-z0-9]{10}-\d+)/.exec(query)?.[1] ?? ''
  send(query)
  await recorder.until(({ place, ended }) => place !== '' || ended)
  return Object.assign(recorder, {
    async leave() {
      left = true
      // An answer on its way would count as sent by the server and would never be received here.
      if (asksAtIntervals(technique)) await recorder.until(({ ended }) => answered || ended)
      await closeSocket(socket, recorder)
    },
  })

  function send(query: string): void {
    if (left) return
    answered = false
    get(query)
  }

  function take(unread: Buffer): Buffer {
    const headEnd = unread.indexOf('\r\n\r\n')
    if (headEnd < 0) return unread
    const head = unread.toString('latin1', 0, headEnd)
    const end = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (unread.length < end) return unread
    answered = true
    // Any other status is a refusal, of a lab that is closing for example.
    if (head.startsWith('HTTP/1.1 200')) {
      readBatch(recorder, unread.toString('utf8', headEnd + 4, end))
      const next = [`cursor=${recorder.place}`, ...(client === undefined ? [] : [client])].join('&')
      setTimeout(send, pauseMs, next)
    }
    return unread.subarray(end)
  }
}

function readBatch(recorder: Recorder, body: string): void {
  const batch = JSON.parse(body)
  if (batch.gap !== undefined) recorder.gap(batch.gap)
  // The texts as they stand in the body, not as JSON.stringify would write them.
  let rest = body.slice(body.indexOf('"events":[') + '"events":['.length)
  for (const event of batch.events) {
    const text = rest.slice(0, JSON.stringify(event).length)
    rest = rest.slice(text.length + 1)
    recorder.event(text)
  }
  recorder.place = batch.cursor
}

/** Reads one answer without an end, in which each message ends with `separator`. */
async function openHttpStream(
  technique: Technique,
  origin: string,
  query: string,
  separator: string,
  read: (recorder: Recorder, message: string) => void,
): Promise<WireReader> {
  const recorder = createRecorder()
  let inBody = false
  const { socket, get } = openHttp(technique, origin, recorder, take)
  get(query)
  await recorder.until(({ place, ended }) => place !== '' || ended)
  return Object.assign(recorder, { leave: () => closeSocket(socket, recorder) })

  function take(unread: Buffer): Buffer {
    let rest = unread
    if (!inBody) {
      const headEnd = rest.indexOf('\r\n\r\n')
      if (headEnd < 0) return rest
      rest = rest.subarray(headEnd + 4)
      inBody = true
    }
    for (let end = rest.indexOf(separator); end >= 0; end = rest.indexOf(separator)) {
      read(recorder, rest.toString('utf8', 0, end))
      rest = rest.subarray(end + separator.length)
    }
    return rest
  }
}

function readEventBlock(recorder: Recorder, block: string): void {
  const fields = new Map(block.split('\n').map(line => line.split(/: (.*)/s, 2) as [string, string]))
  const type = fields.get('event')
  const data = fields.get('data') ?? ''
  if (type === 'gap') recorder.gap(JSON.parse(data))
  if (type === undefined) recorder.event(data)
  else recorder.control(type)
  recorder.place = fields.get('id') ?? recorder.place
}

async function openFrames(technique: Technique, origin: string, query: string): Promise<WireReader> {
  const recorder = createRecorder()
  const url = `${origin.replace('http', 'ws')}${traitsOf(technique).endpoint}?${query}`
  const socket = new WebSocket(url, { perMessageDeflate: false })
  // Its counters are only read: a listener for its data would take the first frames away from `ws`.
  socket.once('upgrade', ({ socket: raw }) => {
    recorder.bytes = {
      get sent() {
        return raw.bytesWritten
      },
      get received() {
        return raw.bytesRead
      },
    }
  })
  socket.on('message', data => readMessage(recorder, data.toString()))
  socket.on('error', () => {})
  socket.once('close', () => {
    recorder.ended = true
  })
  await recorder.until(({ place, ended }) => place !== '' || ended)
  return Object.assign(recorder, {
    async leave() {
      socket.terminate()
      await recorder.until(({ ended }) => ended)
    },
  })
}

/** Reads a message that is either an event's bare text or a control message. */
function readMessage(recorder: Recorder, text: string): void {
  const message = JSON.parse(text)
  if (message.control === undefined && message.said === undefined) {
    recorder.event(text)
    return
  }
  const { control = 'said', cursor, ...rest } = message
  recorder.control(control)
  if (control === 'gap') recorder.gap(rest)
  recorder.place = cursor ?? recorder.place
}

async function closeSocket(socket: Socket, recorder: Recorder): Promise<void> {
  socket.destroy()
  await recorder.until(({ ended }) => ended)
}
