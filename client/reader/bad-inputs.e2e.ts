import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnvironment } from '../../bench/faults/node-environment.ts'
import { ENDPOINTS, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { type StartedLab, startLab } from '../../server/testing/start-lab.ts'
import { type Subscription, subscribe } from './subscribe.ts'

/** What stands for the epoch of the lab in what is sent. */
const EPOCH = 'k3f9x2ab7q'
/** `silentMs` because the stand-in for EventSource waits 3 s before it comes back by itself. */
const HURRIED = { baseMs: 5, capMs: 10, leastMs: 1, silentMs: 1000 }

let lab: StartedLab
let endpoint: FalseEndpoint | null = null
let reader: Subscription | null = null

beforeAll(async () => {
  lab = await startLab({ allowHosts: ['lab.test'], policy: { retryMs: { least: 5, most: 5 } } })
  await lab.publish(43)
})
afterEach(async () => {
  reader?.close()
  await endpoint?.close()
})
afterAll(() => lab.stop())

interface BadStream {
  readonly row: number
  readonly what: string
  /** The body of the first answer. */
  readonly body: string | Uint8Array
  /** It comes byte by byte. */
  readonly sliced?: true
  /** What of the first answer reaches the application; the rest comes by the next. */
  readonly heard: readonly number[]
}

const HELLO = `retry: 5
id: ${EPOCH}-41
event: hello
data: {"epoch":"${EPOCH}","cursor":"${EPOCH}-41","oldest":1,"top":43,"heartbeatMs":15000}

`
const TEXT_42 = '{"seq":42,"at":1,"type":"false","data":"false"}'
const EVENT_42 = `id: ${EPOCH}-42\ndata: ${TEXT_42}\n\n`
const DATA_FIRST = `data: ${TEXT_42}\nid: ${EPOCH}-42\n\n`
const [BEFORE_DATA = '', AFTER_DATA = ''] = EVENT_42.split('"false"}')

const BAD_STREAMS: readonly BadStream[] = [
  { row: 1, what: 'a byte order mark', body: `\ufeff${HELLO}${EVENT_42}`, heard: [42] },
  { row: 2, what: 'two byte order marks', body: `\ufeff\ufeff${HELLO}${EVENT_42}`, heard: [42] },
  {
    row: 3,
    what: 'a byte order mark in pieces',
    body: `\ufeff${HELLO}${EVENT_42}`,
    sliced: true,
    heard: [42],
  },
  {
    row: 4,
    what: 'lines that end with CR',
    body: (HELLO + EVENT_42).replaceAll('\n', '\r').concat(':'),
    heard: [42],
  },
  {
    row: 5,
    what: 'lines that end with CRLF in pieces',
    body: (HELLO + EVENT_42).replaceAll('\n', '\r\n'),
    sliced: true,
    heard: [42],
  },
  {
    row: 6,
    what: 'lines that end in any way',
    body: `${HELLO.replaceAll('\n', '\r\n')}${EVENT_42.replace('\n', '\r')}`,
    heard: [42],
  },
  { row: 7, what: 'an event that is not ended', body: `${HELLO}${EVENT_42.slice(0, -1)}`, heard: [] },
  { row: 8, what: 'data without a colon', body: `${HELLO}data\n\n${EVENT_42}`, heard: [] },
  { row: 9, what: 'data without data', body: `${HELLO}data:\n\n${EVENT_42}`, heard: [] },
  { row: 10, what: 'two spaces', body: HELLO + EVENT_42.replace('data: ', 'data:  '), heard: [42] },
  { row: 10, what: 'data before the id', body: HELLO + DATA_FIRST, heard: [42] },
  {
    row: 10,
    what: 'data before the id, in lines that end with CR',
    body: (HELLO + DATA_FIRST).replaceAll('\n', '\r').concat(':'),
    heard: [42],
  },
  {
    row: 10,
    what: 'data before the id, in lines that end with CRLF, in pieces',
    body: (HELLO + DATA_FIRST).replaceAll('\n', '\r\n'),
    sliced: true,
    heard: [42],
  },
  { row: 7, what: 'data before an id that is not ended', body: HELLO + DATA_FIRST.slice(0, -1), heard: [] },
  { row: 7, what: 'data before no id', body: `${HELLO}data: ${TEXT_42}\n`, heard: [] },
  { row: 11, what: 'an unknown field', body: `${HELLO}zebra: 1\n${EVENT_42}`, heard: [42] },
  { row: 12, what: 'a field in capitals', body: `${HELLO}Data: zebra\n${EVENT_42}`, heard: [42] },
  // A browser keeps the id before it and reads on; the stand-in that is used here forgets it.
  { row: 13, what: 'an id with NUL', body: HELLO + EVENT_42.replace('-42\n', '-42\0\n'), heard: [] },
  { row: 14, what: 'an empty id', body: HELLO + EVENT_42.replace(` ${EPOCH}-42`, ''), heard: [] },
  {
    row: 14,
    what: 'an id that is no cursor',
    body: HELLO + EVENT_42.replace(`${EPOCH}-42`, '42'),
    heard: [],
  },
  { row: 15, what: 'an id without an event', body: `${HELLO}id: ${EPOCH}-41\n\n${EVENT_42}`, heard: [42] },
  {
    row: 16,
    what: 'delays that are none',
    body: `${HELLO}retry: 12x\nretry: -1\nretry: +5\n${EVENT_42}`,
    heard: [42],
  },
  { row: 17, what: 'a comment of 1 MiB', body: `${HELLO}:${'x'.repeat(2 ** 20)}\n${EVENT_42}`, heard: [42] },
  { row: 19, what: 'an event of 100,000 lines', body: `${HELLO}${'data: 1\n'.repeat(100_000)}\n`, heard: [] },
  {
    row: 20,
    what: 'bytes that are no UTF-8',
    body: Buffer.concat([
      Buffer.from(`${HELLO}${BEFORE_DATA}"`),
      Buffer.from([0xff]),
      Buffer.from(`"}${AFTER_DATA}`),
    ]),
    heard: [42],
  },
  { row: 21, what: 'single bytes', body: HELLO + EVENT_42, sliced: true, heard: [42] },
  {
    row: 22,
    what: 'an event named __proto__',
    body: `${HELLO}event: __proto__\ndata: 1\n\n${EVENT_42}`,
    heard: [42],
  },
  {
    row: 35,
    what: 'an unknown control message',
    body: `${HELLO}event: weather\ndata: {}\n\n${EVENT_42}`,
    heard: [42],
  },
  {
    row: 36,
    what: 'a gap that ends before it begins',
    body: `${HELLO}id: ${EPOCH}-42\nevent: gap\ndata: {"reason":"trimmed","from":43,"to":42,"lost":0}\n\n`,
    heard: [],
  },
]

describe('C6 an SSE reader', () => {
  it.each(BAD_STREAMS)('$row: reads past $what', async ({ body, sliced, heard }) => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
    const { received } = await readThrough('sse', Buffer.concat([Buffer.from(head), ours(body)]), sliced)
    expect(received.filter(({ type }) => type === 'false').map(({ seq }) => seq)).toEqual(heard)
  })

  it('20: puts U+FFFD in the place of what is no UTF-8', async () => {
    const row = BAD_STREAMS.find(({ row }) => row === 20)
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
    const { received } = await readThrough('sse', Buffer.concat([Buffer.from(head), ours(row?.body ?? '')]))
    expect(received[0]).toMatchObject({ seq: 42, data: '\ufffd' })
  })
})

interface BadAnswer {
  readonly row: number
  readonly what: string
  readonly answer: string
}

const BAD_ANSWERS: readonly BadAnswer[] = [
  { row: 23, what: 'a page', answer: bad('200 OK', 'Content-Type: text/html', '<html>Welcome</html>') },
  { row: 23, what: 'nothing, politely', answer: bad('200 OK', 'Content-Type: application/json', '') },
  { row: 24, what: '204', answer: 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n' },
  { row: 25, what: 'a redirect to itself', answer: bad('301 Moved', 'Location: /zebra', '') },
  { row: 25, what: 'a redirect to another path', answer: bad('302 Found', 'Location: /login', '') },
  { row: 25, what: 'a redirect to nowhere', answer: bad('307 Elsewhere', 'X-Zebra: 1', '') },
  { row: 26, what: '429', answer: bad('429 Too Many Requests', 'Retry-After: 0', '') },
  { row: 27, what: '502', answer: bad('502 Bad Gateway', 'Content-Type: text/html', '<html>') },
  { row: 27, what: 'what is no HTTP', answer: 'zebra\r\n\r\n' },
  { row: 27, what: 'nothing at all', answer: '' },
]

describe.each(TECHNIQUES)('C6 %s', technique => {
  it.each(BAD_ANSWERS)('$row: comes back after $what', async ({ answer }) => {
    const { received } = await readThrough(technique, Buffer.from(answer))
    expect(received.map(({ type }) => type)).toEqual(['test', 'test'])
  })
})

describe('C6 compressed on the way', () => {
  it('28: an event stream is read all the same', async () => {
    const head =
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n'
    const body = gzipSync(ours(HELLO + EVENT_42))
    const { received } = await readThrough('sse', Buffer.concat([Buffer.from(head), body]))
    expect(received[0]).toMatchObject({ seq: 42, type: 'false' })
  })

  it.each(['poll', 'long-poll'] as const)('28: a batch by %s is read all the same', async technique => {
    const body = gzipSync(ours(`{"cursor":"${EPOCH}-42","events":[${TEXT_42}]}`))
    const head = bad('200 OK', 'Content-Type: application/json\r\nContent-Encoding: gzip', '')
    const answer = head.replace('Content-Length: 0', `Content-Length: ${body.length}`)
    const { received } = await readThrough(technique, Buffer.concat([Buffer.from(answer), body]))
    expect(received[0]).toMatchObject({ seq: 42, type: 'false' })
  })
})

/** Reads by a endpoint whose first answer is false until 43 has arrived. Nothing may be lost, repeated or taken for another. */
async function readThrough(technique: Technique, answer: Uint8Array, sliced = false) {
  const received: { readonly seq: number; readonly type: string; readonly data: unknown }[] = []
  const { epoch } = lab.lab.log
  endpoint = await openFalseEndpoint(Number(new URL(lab.origin).port), answer, sliced)
  reader = subscribe({
    technique,
    origin: endpoint.origin,
    environment: nodeEnvironment(),
    from: `${epoch}-41`,
    pollIntervalMs: 5,
    policy: HURRIED,
    onEvent: ({ event: { seq, type, data } }) => received.push({ seq, type, data }),
  })
  await expect.poll(() => reader?.place, { timeout: 8000, interval: 5 }).toBe(`${epoch}-43`)
  expect(received.map(({ seq }) => seq)).toEqual([42, 43])
  expect(reader.audit).toMatchObject({ received: 2, missing: 0, undeclaredGaps: 0, gaps: 0 })
  return { received }
}

interface FalseEndpoint {
  readonly origin: string
  close(): Promise<void>
}

/** Gives the first request one answer of its own, and every one for another path than a endpoint's; all others are the lab's. */
async function openFalseEndpoint(
  labPort: number,
  answer: Uint8Array,
  sliced: boolean,
): Promise<FalseEndpoint> {
  const endpoints: readonly string[] = ENDPOINTS
  const sockets = new Set<Socket>()
  let first = true
  const server = createServer({ noDelay: true }, client => {
    keep(client).once('data', asked => {
      const path = /^GET ([^ ?]*)/.exec(asked.toString())?.[1] ?? ''
      if (!first && endpoints.includes(path)) return join(client, asked)
      first = false
      if (sliced) for (const byte of answer) client.write(Uint8Array.of(byte))
      else client.write(answer)
      client.end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${portOf(server)}`, close }

  function join(client: Socket, asked: Buffer): void {
    const upstream = keep(connect(labPort, '127.0.0.1'))
    upstream.write(asked.toString('latin1').replace(/\r\nHost: [^\r]*/i, '\r\nHost: lab.test'), 'latin1')
    upstream.pipe(client)
    // Asks of a kept connection would carry another Host: each has a connection of its own.
    client.once('data', () => client.destroy())
    client.once('close', () => upstream.destroy())
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(() => resolve()))
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function bad(status: string, headers: string, body: string): string {
  return `HTTP/1.1 ${status}\r\n${headers}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}

function ours(body: string | Uint8Array): Buffer {
  const latin1 = Buffer.from(body).toString('latin1')
  return Buffer.from(latin1.replaceAll(EPOCH, lab.lab.log.epoch), 'latin1')
}
