import { describe, expect, it } from 'vitest'
import { useFalseAnswers } from '../testing/false-answers.ts'
import { EPOCH } from '../testing/scripted-server.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'

interface BadStream {
  readonly row: number
  readonly what: string
  /** The body of the first answer. */
  readonly body: string | Uint8Array
  /** Sent byte by byte. */
  readonly sliced?: true
  /** Which events of the first answer reach the application; the rest come with the next answer. */
  readonly received: readonly number[]
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
  { row: 1, what: 'a byte order mark', body: `\ufeff${HELLO}${EVENT_42}`, received: [42] },
  { row: 2, what: 'two byte order marks', body: `\ufeff\ufeff${HELLO}${EVENT_42}`, received: [42] },
  {
    row: 3,
    what: 'a byte order mark in pieces',
    body: `\ufeff${HELLO}${EVENT_42}`,
    sliced: true,
    received: [42],
  },
  {
    row: 4,
    what: 'lines that end with CR',
    body: (HELLO + EVENT_42).replaceAll('\n', '\r').concat(':'),
    received: [42],
  },
  {
    row: 5,
    what: 'lines that end with CRLF in pieces',
    body: (HELLO + EVENT_42).replaceAll('\n', '\r\n'),
    sliced: true,
    received: [42],
  },
  {
    row: 6,
    what: 'lines that end in different ways',
    body: `${HELLO.replaceAll('\n', '\r\n')}${EVENT_42.replace('\n', '\r')}`,
    received: [42],
  },
  { row: 7, what: 'an event that does not end', body: `${HELLO}${EVENT_42.slice(0, -1)}`, received: [] },
  { row: 8, what: 'data without a colon', body: `${HELLO}data\n\n${EVENT_42}`, received: [] },
  { row: 9, what: 'data without data', body: `${HELLO}data:\n\n${EVENT_42}`, received: [] },
  { row: 10, what: 'two spaces', body: HELLO + EVENT_42.replace('data: ', 'data:  '), received: [42] },
  { row: 10, what: 'data before the id', body: HELLO + DATA_FIRST, received: [42] },
  {
    row: 10,
    what: 'data before the id, in lines that end with CR',
    body: (HELLO + DATA_FIRST).replaceAll('\n', '\r').concat(':'),
    received: [42],
  },
  {
    row: 10,
    what: 'data before the id, in lines that end with CRLF, in pieces',
    body: (HELLO + DATA_FIRST).replaceAll('\n', '\r\n'),
    sliced: true,
    received: [42],
  },
  {
    row: 7,
    what: 'data before an id that does not end',
    body: HELLO + DATA_FIRST.slice(0, -1),
    received: [],
  },
  { row: 7, what: 'data without an id', body: `${HELLO}data: ${TEXT_42}\n`, received: [] },
  { row: 11, what: 'an unknown field', body: `${HELLO}zebra: 1\n${EVENT_42}`, received: [42] },
  { row: 12, what: 'a field in capitals', body: `${HELLO}Data: zebra\n${EVENT_42}`, received: [42] },
  // A browser keeps the last id and reads on; the stand-in that is used here forgets it.
  { row: 13, what: 'an id with NUL', body: HELLO + EVENT_42.replace('-42\n', '-42\0\n'), received: [] },
  { row: 14, what: 'an empty id', body: HELLO + EVENT_42.replace(` ${EPOCH}-42`, ''), received: [] },
  {
    row: 14,
    what: 'an id that is not a cursor',
    body: HELLO + EVENT_42.replace(`${EPOCH}-42`, '42'),
    received: [],
  },
  { row: 15, what: 'an id without an event', body: `${HELLO}id: ${EPOCH}-41\n\n${EVENT_42}`, received: [42] },
  {
    row: 16,
    what: 'delays that are not valid',
    body: `${HELLO}retry: 12x\nretry: -1\nretry: +5\n${EVENT_42}`,
    received: [42],
  },
  {
    row: 17,
    what: 'a comment of 1 MiB',
    body: `${HELLO}:${'x'.repeat(2 ** 20)}\n${EVENT_42}`,
    received: [42],
  },
  {
    row: 19,
    what: 'an event of 100,000 lines',
    body: `${HELLO}${'data: 1\n'.repeat(100_000)}\n`,
    received: [],
  },
  {
    row: 20,
    what: 'bytes that are not UTF-8',
    body: Buffer.concat([
      Buffer.from(`${HELLO}${BEFORE_DATA}"`),
      Buffer.from([0xff]),
      Buffer.from(`"}${AFTER_DATA}`),
    ]),
    received: [42],
  },
  { row: 21, what: 'single bytes', body: HELLO + EVENT_42, sliced: true, received: [42] },
  {
    row: 22,
    what: 'an event named __proto__',
    body: `${HELLO}event: __proto__\ndata: 1\n\n${EVENT_42}`,
    received: [42],
  },
  {
    row: 35,
    what: 'an unknown control message',
    body: `${HELLO}event: weather\ndata: {}\n\n${EVENT_42}`,
    received: [42],
  },
  {
    row: 36,
    what: 'a gap that ends before it begins',
    body: `${HELLO}id: ${EPOCH}-42\nevent: gap\ndata: {"reason":"trimmed","from":43,"to":42,"lost":0}\n\n`,
    received: [],
  },
]

describe('C6 an SSE reader', () => {
  const { readThrough } = useFalseAnswers()

  it.each(BAD_STREAMS)('$row: reads past $what', async ({ body, sliced, received }) => {
    const events = await readThrough('sse', Buffer.concat([Buffer.from(HEAD), Buffer.from(body)]), sliced)
    expect(events.filter(({ type }) => type === 'false').map(({ seq }) => seq)).toEqual(received)
  })

  it('20: puts U+FFFD in place of what is not UTF-8', async () => {
    const body = BAD_STREAMS.find(({ row }) => row === 20)?.body ?? ''
    const events = await readThrough('sse', Buffer.concat([Buffer.from(HEAD), Buffer.from(body)]))
    expect(events[0]).toMatchObject({ seq: 42, data: '\ufffd' })
  })
})
