import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  announce,
  closeBody,
  closeCodeIn,
  fragments,
  frame,
  framesIn,
  repeated,
  textsIn,
} from '../../testing/frames.ts'
import { type RawSocket, readAnswer, refusalOf } from '../../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab()
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

interface BadHandshake {
  readonly row: number
  readonly what: string
  /** Headers that replace the correct ones by name; null leaves one out. */
  readonly change: Readonly<Record<string, string | null>>
  readonly status: number
  readonly line?: string
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const HANDSHAKE: Readonly<Record<string, string>> = {
  Host: 'HOST',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': KEY,
}
const manySubprotocols = Array.from({ length: 100 }, (_, index) => `zebra${index}`).join(', ')

const BAD_HANDSHAKES: readonly BadHandshake[] = [
  { row: 1, what: 'version 8', change: { 'Sec-WebSocket-Version': '8' }, status: 426 },
  { row: 1, what: 'version 0', change: { 'Sec-WebSocket-Version': '0' }, status: 426 },
  { row: 1, what: 'two versions', change: { 'Sec-WebSocket-Version': '13, 8' }, status: 426 },
  {
    row: 1,
    what: 'a version in another spelling',
    change: { 'Sec-WebSocket-Version': '1.3e1' },
    status: 426,
  },
  { row: 1, what: 'no version', change: { 'Sec-WebSocket-Version': null }, status: 426 },
  { row: 2, what: 'no key', change: { 'Sec-WebSocket-Key': null }, status: 400 },
  { row: 2, what: 'an empty key', change: { 'Sec-WebSocket-Key': '' }, status: 400 },
  { row: 3, what: 'a short key', change: { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, status: 400 },
  { row: 4, what: 'a key that is no base64', change: { 'Sec-WebSocket-Key': '!'.repeat(24) }, status: 400 },
  { row: 4, what: 'two keys', change: { 'Sec-WebSocket-Key': `${KEY}, ${KEY}` }, status: 400 },
  { row: 5, what: 'the method POST', change: {}, line: 'POST /ws HTTP/1.1', status: 405 },
  { row: 6, what: 'an upgrade to HTTP/2', change: { Upgrade: 'h2c' }, status: 426 },
  { row: 7, what: 'no Connection: Upgrade', change: { Connection: null }, status: 426 },
  { row: 7, what: 'no Upgrade', change: { Upgrade: null }, status: 426 },
  { row: 8, what: 'a foreign Origin', change: { Origin: 'http://evil.example' }, status: 403 },
  { row: 9, what: 'an Origin that hides', change: { Origin: 'null' }, status: 403 },
  {
    row: 10,
    what: 'an Origin that begins like ours',
    change: { Origin: 'http://HOST.evil.example' },
    status: 403,
  },
  {
    row: 10,
    what: 'an Origin that ends like ours',
    change: { Origin: 'http://evil.example/HOST' },
    status: 403,
  },
  { row: 10, what: 'an Origin that runs on', change: { Origin: 'http://evilHOST' }, status: 403 },
  {
    row: 10,
    what: 'an Origin with our name for a user',
    change: { Origin: 'http://HOST@evil' },
    status: 403,
  },
  { row: 10, what: 'an Origin in capitals', change: { Origin: 'HTTP://HOST' }, status: 403 },
  {
    row: 10,
    what: 'an Origin with a trailing dot',
    change: { Origin: 'http://localhost.:PORT' },
    status: 403,
  },
  { row: 10, what: 'an Origin on another port', change: { Origin: 'http://127.0.0.1:1' }, status: 403 },
  { row: 10, what: 'an Origin with a path', change: { Origin: 'http://HOST/' }, status: 403 },
  { row: 10, what: 'an Origin of another scheme', change: { Origin: 'ftp://HOST' }, status: 403 },
  { row: 12, what: 'a subprotocol', change: { 'Sec-WebSocket-Protocol': 'zebra' }, status: 400 },
  { row: 13, what: '100 subprotocols', change: { 'Sec-WebSocket-Protocol': manySubprotocols }, status: 400 },
  {
    row: 14,
    what: 'giant extensions',
    change: { 'Sec-WebSocket-Extensions': 'zebra; a=b, '.repeat(2000) },
    status: 431,
  },
  { row: 16, what: 'a endpoint that is no WebSocket', change: {}, line: 'GET /poll HTTP/1.1', status: 404 },
  { row: 16, what: 'a stream of the other kind', change: {}, line: 'GET /sse HTTP/1.1', status: 404 },
  { row: 16, what: 'nothing that is there', change: {}, line: 'GET /zebra HTTP/1.1', status: 404 },
  { row: 16, what: 'a malformed address', change: {}, line: 'GET /%zz HTTP/1.1', status: 400 },
  { row: 16, what: 'a malformed cursor', change: {}, line: 'GET /ws?cursor=zebra HTTP/1.1', status: 400 },
  { row: 19, what: 'two upgrades', change: { Upgrade: 'websocket\r\nUpgrade: websocket' }, status: 400 },
]

describe('C4 handshakes', () => {
  it.each(BAD_HANDSHAKES)('$row: refuses $what with $status, as JSON', async ({ change, line, status }) => {
    const raw = await lab.open()
    raw.send(handshake(change, line))
    await raw.until(({ received, closed }) => closed || readAnswer(received) !== null)
    const answer = readAnswer(raw.received)
    if (answer === null) throw new Error('no answer')
    expect(refusalOf(answer)).toMatchObject({ status })
    expect(answer.body).not.toMatch(/zebra|evil/)
    // A refused upgrade closes the connection; a plain request may be followed by another.
    if (change['Connection'] !== null && change['Upgrade'] !== null) await raw.until(({ closed }) => closed)
  })

  it('1: names the version that it supports', async () => {
    const raw = await lab.open()
    raw.send(handshake({ 'Sec-WebSocket-Version': '8' }))
    await raw.until(({ closed }) => closed)
    expect(readAnswer(raw.received)?.headers.get('sec-websocket-version')).toBe('13')
  })

  it('11, 15: accepts a client that is no browser, and compresses nothing', async () => {
    const raw = await lab.open()
    raw.send(handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }))
    await raw.until(({ received }) => framesIn(received).length > 0)
    const answer = readAnswer(raw.received)
    expect(answer?.status).toBe(101)
    expect(answer?.headers.get('sec-websocket-extensions')).toBeUndefined()
  })

  it.each(['http://HOST', 'https://HOST', 'http://localhost:PORT'])(
    '11: accepts the Origin %s',
    async from => {
      const raw = await lab.open()
      raw.send(handshake({ Origin: from }))
      await raw.until(({ received }) => framesIn(received).length > 0)
      await raw.leave()
    },
  )

  it('17: reads what was sent together with the handshake', async () => {
    const raw = await lab.open()
    raw.send(Buffer.concat([Buffer.from(handshake()), frame(TEXT, '{"say"', { fin: false })]))
    raw.send(frame(CONTINUATION, ':1}'))
    await raw.until(({ received }) => textsIn(received).some(text => text.startsWith('{"said"')))
  })

  it('18: serves a client that sends nothing after the handshake', async () => {
    const raw = await openPeer()
    const { seq } = await lab.publish(1)
    await raw.until(({ received }) => textsIn(received).some(text => text.startsWith(`{"seq":${seq},`)))
  })

  it('19: refuses a second handshake on the same connection as a broken frame', async () => {
    const raw = await openPeer()
    raw.send(handshake())
    await raw.until(hasClosed(1002))
  })
})

interface BadFrames {
  readonly row: number
  readonly what: string
  readonly send: readonly Uint8Array[]
  readonly code: number | readonly number[]
}

const CONTINUATION = 0x0
const TEXT = 0x1
const BINARY = 0x2
const CLOSE = 0x8
const PING = 0x9
const UNKNOWN = [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf]
const BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 5000, 65_535]

const BAD_FRAMES: readonly BadFrames[] = [
  { row: 20, what: 'an unmasked frame', send: [frame(TEXT, '{"say":1}', { masked: false })], code: 1002 },
  { row: 21, what: 'RSV1 without compression', send: [frame(TEXT, '{"say":1}', { rsv: 4 })], code: 1002 },
  { row: 22, what: 'RSV2', send: [frame(TEXT, '{"say":1}', { rsv: 2 })], code: 1002 },
  { row: 22, what: 'RSV3', send: [frame(TEXT, '{"say":1}', { rsv: 1 })], code: 1002 },
  ...UNKNOWN.map(opcode => ({
    row: 23,
    what: `opcode ${opcode}`,
    send: [frame(opcode, 'x')],
    code: 1002,
  })),
  { row: 24, what: 'a fragmented ping', send: [frame(PING, 'x', { fin: false })], code: 1002 },
  { row: 25, what: 'a ping of 126 bytes', send: [frame(PING, 'x'.repeat(126))], code: 1002 },
  { row: 26, what: 'a continuation of nothing', send: [frame(CONTINUATION, 'x')], code: 1002 },
  {
    row: 27,
    what: 'a new text within fragments',
    send: [frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')],
    code: 1002,
  },
  {
    row: 28,
    what: 'text that is no UTF-8',
    send: [frame(TEXT, Buffer.from([0x22, 0xc0, 0xaf]))],
    code: 1007,
  },
  {
    row: 28,
    what: 'text that is no UTF-8, split over fragments',
    send: [
      frame(TEXT, Buffer.from([0x22, 0xf0, 0x9f]), { fin: false }),
      frame(CONTINUATION, Buffer.from([0x98, 0x22])),
    ],
    code: 1007,
  },
  ...BAD_CODES.map(code => ({
    row: 29,
    what: `the close code ${code}`,
    send: [frame(CLOSE, closeBody(code))],
    code: 1002,
  })),
  { row: 30, what: 'a close of one byte', send: [frame(CLOSE, 'x')], code: 1002 },
  {
    row: 31,
    what: 'a close reason that is no UTF-8',
    send: [frame(CLOSE, Buffer.concat([closeBody(1000), Buffer.from([0xc0, 0xaf])]))],
    code: 1007,
  },
  { row: 32, what: 'more than 4 KiB', send: [frame(TEXT, `"${'x'.repeat(4096)}"`)], code: 1009 },
  {
    row: 32,
    what: 'more than 4 KiB in fragments',
    send: [frame(TEXT, 'x'.repeat(4000), { fin: false }), frame(CONTINUATION, 'x'.repeat(97))],
    code: 1009,
  },
  { row: 33, what: 'a length of 2^53', send: [announce(2n ** 53n)], code: [1009, 1002] },
  { row: 33, what: 'a length of 2^63', send: [announce(2n ** 63n)], code: [1009, 1002] },
  { row: 33, what: 'a length of 2 GiB', send: [announce(2n ** 31n)], code: 1009 },
  { row: 34, what: '100,000 fragments of one byte', send: [fragments(100_000, 'x')], code: [1008, 1009] },
  { row: 35, what: '1,000,000 empty fragments', send: [fragments(1_000_000, '')], code: 1008 },
  { row: 36, what: 'a binary frame', send: [frame(BINARY, '{"say":1}')], code: 4400 },
  { row: 36, what: 'an empty binary frame', send: [frame(BINARY, '')], code: 4400 },
  { row: 37, what: '10,000 pings', send: [repeated(frame(PING, ''), 10_000)], code: 1008 },
  {
    row: 37,
    what: '10,000 unsolicited pongs',
    send: [repeated(frame(0xa, ''), 10_000)],
    code: 1008,
  },
]

const BAD_MESSAGES: readonly (Omit<BadFrames, 'send' | 'code'> & { readonly text: string })[] = [
  { row: 40, what: 'nothing', text: '' },
  { row: 40, what: 'no JSON', text: 'good morning' },
  { row: 40, what: 'half a JSON', text: '{"say":' },
  { row: 40, what: 'JSON with something behind it', text: '{"say":1}}' },
  ...['1', '"say"', 'null', 'true', '[]', '[{"say":1}]'].map(text => ({ row: 41, what: text, text })),
  { row: 42, what: 'no key', text: '{}' },
  { row: 42, what: 'an unknown key', text: '{"sing":1}' },
  { row: 42, what: 'a control message', text: '{"control":"bye"}' },
  { row: 43, what: '__proto__', text: '{"__proto__":{"say":1}}' },
  { row: 43, what: '__proto__ beside a message', text: '{"say":1,"__proto__":{}}' },
  { row: 43, what: '__proto__ in a message', text: '{"say":{"a":[{"__proto__":1}]}}' },
  { row: 43, what: '__proto__ written in escapes', text: '{"say":{"\\u005f_proto__":1}}' },
  { row: 43, what: 'constructor.prototype', text: '{"say":{"constructor":{"prototype":{}}}}' },
  { row: 44, what: 'a nesting of 2,000', text: `{"say":${'['.repeat(2000)}${']'.repeat(2000)}}` },
  { row: 44, what: 'a nesting of 4,000 that never closes', text: `{"say":${'['.repeat(4000)}` },
  { row: 45, what: 'two messages in one frame', text: '{"say":1}{"say":2}' },
  { row: 45, what: 'an extra key', text: '{"say":1,"to":"all"}' },
  { row: 45, what: 'more than 1 KiB', text: `{"say":"${'x'.repeat(1023)}"}` },
]

describe('C4 frames', () => {
  it.each(BAD_FRAMES)('$row: closes with $code for $what', async ({ send, code }) => {
    const codes: readonly number[] = typeof code === 'number' ? [code] : code
    const before = lab.lab.log.top
    const raw = await openPeer()
    for (const bytes of send) raw.send(bytes)
    await raw.until(({ received }) => codes.includes(closeCodeIn(received) ?? 0))
    await raw.leave()
    expect(lab.lab.log.top).toBe(before)
  })

  it('44: closes with 1009 for a nesting of 10,000, unread', async () => {
    const raw = await openPeer()
    raw.send(frame(TEXT, `{"say":${'['.repeat(10_000)}${']'.repeat(10_000)}}`))
    await raw.until(hasClosed(1009))
  })

  it('38: waits a second at most for the answer to its close', async () => {
    const raw = await openPeer()
    raw.send(frame(TEXT, 'nonsense'))
    await raw.until(hasClosed(4400))
    await raw.until(({ closed }) => closed, 3000)
  })

  it('39: forgets a peer that is reset in the middle of a frame', async () => {
    const raw = await openPeer()
    raw.send(frame(TEXT, '{"say":1}').subarray(0, 9))
    raw.socket.resetAndDestroy()
  })

  it('45: reads nothing after the frame for which it closes', async () => {
    const before = lab.lab.log.top
    const raw = await openPeer()
    raw.send(Buffer.concat([frame(TEXT, 'nonsense'), frame(TEXT, '{"say":1}')]))
    await raw.until(hasClosed(4400))
    await raw.leave()
    expect(lab.lab.log.top).toBe(before)
  })

  it.each([
    { what: 'nonsense', refused: [frame(TEXT, 'nonsense')], code: 4400 },
    { what: 'a binary frame', refused: [frame(BINARY, '1')], code: 4400 },
    { what: 'frames without pause', refused: [repeated(frame(PING, ''), 60)], code: 1008 },
    { what: 'messages without pause', refused: Array(20).fill(frame(TEXT, '{"say":0}')), code: 1013 },
  ])('45: answers the messages before it closes for $what', async ({ refused, code }) => {
    const before = lab.lab.log.top
    const raw = await openPeer()
    const messages = [1, 2, 3].map(n => frame(TEXT, `{"say":${n}}`))
    raw.send(Buffer.concat([...messages, ...refused]))
    await raw.until(hasClosed(code))
    const answers = framesIn(raw.received).flatMap(
      ({ payload }) => /"said":"[^-]*-(\d+)"/.exec(`${payload}`)?.[1] ?? [],
    )
    const heard = lab.lab.log.top - before
    expect(answers.map(Number)).toEqual(Array.from({ length: heard }, (_, n) => before + 1 + n))
    expect(heard).toBeGreaterThanOrEqual(3)
  })

  it('sends nothing after its own Close frame, even if the peer keeps the connection open (RFC 6455 §5.5.1)', async () => {
    const raw = await openPeer()
    raw.send(frame(TEXT, 'nonsense'))
    await raw.until(hasClosed(4400))
    await lab.publish(5)
    await raw.until(({ closed }) => closed, 3000)
    expect(framesIn(raw.received).at(-1)?.first).toBe(0x88)
  })

  it('sends nothing after the answer to a Close frame of the peer', async () => {
    const raw = await openPeer()
    raw.send(
      Buffer.concat([frame(TEXT, '{"say":1}'), frame(CLOSE, closeBody(1000)), frame(TEXT, '{"say":2}')]),
    )
    await lab.publish(5)
    await raw.until(({ closed }) => closed, 3000)
    expect(framesIn(raw.received).at(-1)).toMatchObject({ first: 0x88, payload: closeBody(1000) })
  })

  it('40–45: closes the page’s own WebSocket for anything but a ping', async () => {
    for (const text of ['', 'null', '1', '{"ping":"1"}', '{"ping":1', '[]', '{"say":1}']) {
      const raw = await openPeer('/control')
      raw.send(frame(TEXT, text))
      await raw.until(hasClosed(4400))
    }
  })

  it('37: closes the page’s own WebSocket for pings without pause', async () => {
    const raw = await openPeer('/control')
    raw.send(repeated(frame(TEXT, '{"ping":1}'), 1000))
    await raw.until(hasClosed(1008))
  })
})

describe('C4 messages', () => {
  it.each(BAD_MESSAGES)('$row: closes with 4400 for $what', async ({ text }) => {
    const before = lab.lab.log.top
    const raw = await openPeer()
    raw.send(frame(TEXT, text))
    await raw.until(hasClosed(4400))
    await raw.leave()
    expect(lab.lab.log.top).toBe(before)
    expect('say' in {}).toBe(false)
  })
})

/** A peer that has received its hello. */
async function openPeer(endpoint = '/ws'): Promise<RawSocket> {
  const raw = await lab.open()
  raw.send(handshake({}, `GET ${endpoint} HTTP/1.1`))
  await raw.until(({ received }) => framesIn(received).length > 0)
  return raw
}

function handshake(change: Readonly<Record<string, string | null>> = {}, line = 'GET /ws HTTP/1.1'): string {
  const { host, port } = new URL(lab.origin)
  const lines = Object.entries({ ...HANDSHAKE, ...change }).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  )
  return [line, ...lines, '', ''].join('\r\n').replaceAll('HOST', host).replaceAll('PORT', port)
}

function hasClosed(code: number): (raw: RawSocket) => boolean {
  return ({ received }) => closeCodeIn(received) === code
}
