import { createParser } from 'eventsource-parser'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exchange, type RawSocket, readAnswer, refusalOf, request } from '../../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab()
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

interface BadOpening {
  readonly row: number
  readonly what: string
  readonly headers: readonly string[]
  readonly path?: string
  readonly method?: string
  readonly status: number
  readonly code: string
}

const badCursor = { status: 400, code: 'bad-cursor' } as const
const unacceptable = { status: 406, code: 'not-acceptable' } as const
const stray = { status: 403, code: 'stray-request' } as const
const IMAGES = 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8'

const BAD_OPENINGS: readonly BadOpening[] = [
  { row: 1, what: 'Accept: application/json', headers: ['Accept: application/json'], ...unacceptable },
  { row: 3, what: 'q=0', headers: ['Accept: text/event-stream;q=0'], ...unacceptable },
  { row: 3, what: 'all but this', headers: ['Accept: */*, text/event-stream;q=0'], ...unacceptable },
  { row: 5, what: 'POST', headers: [], method: 'POST', status: 405, code: 'method-not-allowed' },
  { row: 6, what: 'two ids in one header', headers: ['Last-Event-ID: TOP, TOP'], ...badCursor },
  { row: 7, what: 'the header twice', headers: ['Last-Event-ID: TOP', 'Last-Event-ID: TOP'], ...badCursor },
  {
    row: 7,
    what: 'an empty header beside a good one',
    headers: ['Last-Event-ID:', 'Last-Event-ID: TOP'],
    ...badCursor,
  },
  { row: 8, what: 'an id in UTF-8', headers: ['Last-Event-ID: zebra-ä😀'], ...badCursor },
  { row: 9, what: 'an id with NUL', headers: ['Last-Event-ID: zebra\0'], status: 400, code: 'bad-request' },
  { row: 10, what: 'an id of 129 bytes', headers: [`Last-Event-ID: ${'9'.repeat(129)}`], ...badCursor },
  { row: 10, what: 'an id that is no cursor', headers: ['Last-Event-ID: zebra'], ...badCursor },
  {
    row: 12,
    what: 'a bad id beside a good query',
    headers: ['Last-Event-ID: zebra'],
    path: '/sse?cursor=now',
    ...badCursor,
  },
  {
    row: 30,
    what: 'a foreign Origin',
    headers: ['Origin: http://evil.example'],
    status: 403,
    code: 'foreign-origin',
  },
  ...['image', 'script', 'style', 'iframe', 'embed', 'audio', 'zebra'].map(destination => ({
    row: 31,
    what: `a browser that wants it as ${destination}`,
    headers: [`Sec-Fetch-Dest: ${destination}`, 'Sec-Fetch-Site: same-origin'],
    ...stray,
  })),
  {
    row: 32,
    what: "another site's script",
    headers: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: empty'],
    ...stray,
  },
  {
    row: 32,
    what: 'a link of another site',
    headers: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'],
    ...stray,
  },
  { row: 33, what: 'an <img>', headers: [`Accept: ${IMAGES}`], ...unacceptable },
]

describe('C3 streams that are not opened', () => {
  it.each(BAD_OPENINGS)('$row: refuses $what with $status', async row => {
    const { path = '/sse', headers, method = 'GET', status, code } = row
    const text = request(lab.origin, path, { method, headers: headers.map(placed) })
    const answer = await exchange(lab.origin, Buffer.from(text))
    expect(refusalOf(answer)).toEqual({ status, code })
    expect(answer.body).not.toMatch(/zebra|evil/)
    expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it('30: permits a foreign Origin nothing on the link either', async () => {
    const headers = ['Origin: http://evil.example']
    const answer = await exchange(lab.linkOrigin, request(lab.linkOrigin, '/sse', { headers }))
    expect(answer.status).toBe(403)
    expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it.each(['/', '/results', '/api/health', '/poll', '/zebra'])(
    '32: goes by the path where another site links to %s',
    async path => {
      const headers = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
      const answer = await exchange(lab.origin, request(lab.origin, path, { headers }))
      const isData = path === '/api/health' || path === '/poll'
      expect(answer.status === 403).toBe(isData)
      const framed = headers.with(2, 'Sec-Fetch-Dest: iframe')
      expect(await exchange(lab.origin, request(lab.origin, path, { headers: framed }))).toMatchObject({
        status: 403,
      })
    },
  )
})

describe('C3 streams that are opened', () => {
  it.each([
    { row: 2, what: 'without Accept', headers: [] },
    {
      row: 2,
      what: 'by a native EventSource',
      headers: ['Accept: text/event-stream', 'Cache-Control: no-cache'],
    },
    { row: 2, what: 'by a client that accepts anything', headers: ['Accept: text/html, */*;q=0.8'] },
    { row: 29, what: 'for a client that accepts compression', headers: ['Accept-Encoding: gzip, br'] },
    {
      row: 11,
      what: 'from the header, not from the query',
      headers: ['Last-Event-ID: TOP'],
      query: 'earliest',
    },
    {
      row: 32,
      what: "by the lab's own page",
      headers: ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Dest: empty'],
    },
  ])('$row: opens $what', async ({ headers, query = 'now' }) => {
    const raw = await openStream(headers, `?cursor=${query}`)
    const text = raw.received.toString()
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toMatch(/\r\ncontent-type: text\/event-stream; charset=utf-8\r\n/i)
    expect(text).not.toMatch(/content-encoding|transfer-encoding/i)
    expect(text).toContain(`id: ${placed('TOP')}\nevent: hello\n`)
  })

  it('4: answers HEAD with its head, and ends', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, '/sse', { method: 'HEAD' }))
    await raw.until(({ closed }) => closed)
    expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n$/s)
  })

  it('38: serves HTTP/1.0, without chunks', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, '/sse').replace('HTTP/1.1', 'HTTP/1.0'))
    await raw.until(({ received }) => received.includes('event: hello'))
    await lab.publish(1)
    await raw.until(({ received }) => received.includes('data: {"seq"'))
    expect(raw.received.toString()).not.toMatch(/transfer-encoding/i)
    expect(raw.received.toString()).toMatch(/\r\n\r\nretry: \d+\nid: /)
  })

  it.each([
    { row: 15, what: 'U+2028 and U+2029', data: 'a\u2028b\u2029c' },
    { row: 16, what: 'CR', data: 'a\rb\r\nc' },
    { row: 17, what: 'a field of the format', data: 'a\n\nid: 9\nevent: bye\ndata: x\n\n' },
    { row: 18, what: 'a space in front', data: ' a' },
    { row: 18, what: 'a colon in front', data: ':a' },
    { row: 18, what: 'a byte order mark in front', data: '\ufeffa' },
    { row: 19, what: 'nothing', data: '' },
    { row: 20, what: 'a lone surrogate', data: 'a\ud800b' },
    { row: 21, what: 'an emoji of four bytes', data: '😀'.repeat(100) },
  ])('$row: carries $what as one event, unchanged', async ({ data }) => {
    const raw = await openStream()
    const { epoch, seq } = await lab.publish(1, () => data)
    await raw.until(
      ({ received }) => received.includes(`"seq":${seq},`) && received.toString().endsWith('\n\n'),
    )
    const messages = parse(raw.received)
    expect(messages.map(({ event, id }) => ({ event, id }))).toEqual([
      { event: 'hello', id: `${epoch}-${seq - 1}` },
      { event: undefined, id: `${epoch}-${seq}` },
    ])
    expect(JSON.parse(messages[1]?.data ?? '').data).toBe(data)
  })

  it('28: leaves nothing behind of 200 streams that come and go', async () => {
    for (let batch = 0; batch < 10; batch += 1) {
      const raws = await Promise.all(Array.from({ length: 20 }, () => lab.open()))
      for (const raw of raws) raw.send(request(lab.origin, '/sse'))
      // Some leave before the answer, some during it, some later.
      await Promise.all(raws.map((raw, index) => (index % 3 === 0 ? raw.leave() : undefined)))
      await lab.publish(1)
      await Promise.all(raws.map(raw => raw.leave()))
    }
  })
})

describe('C3 types at publish', () => {
  it.each([
    { row: 13, type: 'a\nid: 9', code: 'bad-type' },
    { row: 14, type: 'a\rid: 9', code: 'bad-type' },
    { row: 15, type: 'a\u2028b', code: 'bad-type' },
    { row: 15, type: 'ａ', code: 'bad-type' },
    { row: 15, type: '', code: 'bad-type' },
    { row: 15, type: '__proto__', code: 'bad-type' },
    { row: 15, type: 'a'.repeat(33), code: 'bad-type' },
    ...['hello', 'gap', 'heartbeat', 'bye'].map(type => ({ row: 23, type, code: 'reserved-type' })),
  ])('$row: refuses the type $type', async ({ type, code }) => {
    const { top } = lab.lab.log
    const body = JSON.stringify({ type, data: 1 })
    const headers = ['Content-Type: application/json']
    const answer = await exchange(
      lab.origin,
      request(lab.origin, '/api/events', { method: 'POST', headers, body }),
    )
    expect(refusalOf(answer)).toEqual({ status: 400, code })
    expect(lab.lab.log.top).toBe(top)
  })
})

describe('C3 readers that do not read', () => {
  it.each([
    { row: 25, what: 'nothing', bytesPerTurn: 0 },
    { row: 26, what: 'a byte now and then', bytesPerTurn: 1 },
  ])('$row: cuts one who reads $what, and nobody else', async ({ bytesPerTurn }) => {
    const slow = await startWitnessedLab({ policy: { undrainedMs: 300, checkEveryMs: 50 } })
    const { lab: inner, origin } = slow
    const raw = await slow.open()
    raw.send(request(origin, '/sse'))
    await raw.until(({ received }) => received.includes('event: hello'))
    raw.socket.removeAllListeners('data').pause()
    const reading = setInterval(() => raw.socket.read(bytesPerTurn), 10)
    // More than the kernel buffers for a client that does not read.
    await expect
      .poll(
        async () => {
          await slow.publish(50, () => 'x'.repeat(16_000))
          return inner.techniques.sse.readers
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    await slow.expectUnharmed()
    clearInterval(reading)
    await raw.leave()
    await slow.stop()
  })
})

describe('C3 while the server closes', () => {
  it('36: answers a stream request with retry and bye, and no status but 200', async () => {
    const closing = await startWitnessedLab({ policy: { graceMs: 500 } })
    const raw = await closing.open()
    const [begun = '', rest = ''] = request(closing.origin, '/sse').split('HTTP')
    raw.send(begun)
    await expect
      .poll(() => closing.lab.meter.allSockets().length, PATIENTLY)
      .toBe(closing.witnesses.length + 1)
    const closed = closing.lab.close()
    raw.send(`HTTP${rest}`)
    await raw.until(({ closed }) => closed)
    const answer = readAnswer(raw.received, true)
    expect(answer?.status).toBe(200)
    expect(answer?.body).toMatch(/^retry: \d+\nevent: bye\ndata: \{"reason":".*","retryMs":\d+\}\n\n$/)
    await closed
    await raw.leave()
    await closing.stop()
  })

  it.each(['the first request of a connection', 'a later request'])(
    '36: still answers a poll whose head is half there, as %s',
    async which => {
      const closing = await startWitnessedLab({ policy: { graceMs: 500 } })
      const stream = await closing.open()
      stream.send(request(closing.origin, '/sse'))
      await stream.until(({ received }) => received.includes('event: hello'))
      const raw = await closing.open()
      if (which === 'a later request') {
        raw.send(request(closing.origin, '/poll'))
        await raw.until(({ received }) => received.includes('"events"'))
      }
      const [begun = '', rest = ''] = request(closing.origin, '/poll').split('HTTP')
      raw.send(begun)
      await expect
        .poll(() => closing.lab.meter.allSockets().length, PATIENTLY)
        .toBe(closing.witnesses.length + 2)
      const closed = closing.lab.close()
      raw.send(`HTTP${rest}`)
      await raw.until(({ closed }) => closed)
      expect(raw.received.toString()).toMatch(/HTTP\/1.1 503 .*retry-after: 1.*"code":"closing"/is)
      await closed
      await stream.leave()
      await raw.leave()
      await closing.stop()
    },
  )
})

async function openStream(headers: readonly string[] = [], query = ''): Promise<RawSocket> {
  const raw = await lab.open()
  raw.send(request(lab.origin, `/sse${query}`, { headers: headers.map(placed) }))
  await raw.until(({ received }) => received.includes('event: hello') && received.toString().endsWith('\n\n'))
  return raw
}

const PATIENTLY = { timeout: 5000, interval: 2 }

/** The messages behind the head, as an independent parser reads them. */
function parse(received: Buffer) {
  const messages: { event?: string | undefined; id?: string | undefined; data: string }[] = []
  const parser = createParser({ onEvent: message => messages.push(message) })
  const decoder = new TextDecoder()
  // Byte by byte: no character and no line end may depend on where the network cuts.
  for (const byte of received.subarray(received.indexOf('\r\n\r\n') + 4)) {
    parser.feed(decoder.decode(Uint8Array.of(byte), { stream: true }))
  }
  return messages
}

function placed(text: string): string {
  const { epoch, top } = lab.lab.log
  return text.replaceAll('TOP', `${epoch}-${top}`)
}
