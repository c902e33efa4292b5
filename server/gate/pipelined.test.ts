import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readAnswers, request } from '../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../testing/witnessed-lab.ts'

const ROUNDS = 150
/** Few, so that a slot that is not released shows after some rounds. */
const PLACES = 12

let lab: WitnessedLab

beforeAll(async () => {
  const perAddress = { connections: PLACES, requestsPerSecond: 100_000 }
  lab = await startWitnessedLab({
    deployment: 'lan',
    token: 'correct-horse',
    limits: { connections: PLACES, perAddress },
  })
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const handshake = (upgrade = 'websocket', key = KEY) => [
  'Connection: Upgrade',
  `Upgrade: ${upgrade}`,
  'Sec-WebSocket-Version: 13',
  key,
]
const place = () => `${lab.lab.log.epoch}-${lab.lab.log.top}`

/** The first request on the connection. `owes` means that it is not answered when the next one is read. */
const FIRST = {
  'a poll': () => request(lab.origin, '/poll'),
  'a held poll': () => request(lab.origin, `/long-poll?cursor=${place()}&wait=55`),
  'an SSE stream': () => request(lab.origin, '/sse'),
  'half a body': () =>
    `${request(lab.origin, '/say', { method: 'POST', headers: ['Content-Type: application/json', 'Content-Length: 9'] })}"ha`,
  'a page': () => request(lab.origin, '/'),
}
const UPGRADE = {
  'a good handshake': () => request(lab.origin, '/ws', { headers: handshake() }),
  'a handshake for the control socket': () => request(lab.origin, '/control', { headers: handshake() }),
  'a bad key': () => request(lab.origin, '/ws', { headers: handshake('websocket', 'Sec-WebSocket-Key: x') }),
  'a handshake where no WebSocket is': () => request(lab.origin, '/poll', { headers: handshake() }),
  'a handshake for nothing': () => request(lab.origin, '/nothing', { headers: handshake() }),
  'an h2c upgrade': () => request(lab.origin, '/poll', { headers: handshake('h2c') }),
  'an upgrade by POST': () =>
    request(lab.origin, '/say', {
      method: 'POST',
      headers: ['Content-Type: application/json', ...handshake()],
      body: '1',
    }),
  'a CONNECT': () => request(lab.origin, 'example.org:443', { method: 'CONNECT' }),
}
const OTHER = {
  'a POST with a body': () =>
    request(lab.origin, '/api/burst', {
      method: 'POST',
      headers: ['Content-Type: application/json'],
      body: '{"count":0}',
    }),
  'a bad head': () => 'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
  'half a head': () => 'GET /poll HTTP/1.1\r\nHo',
  'a chunked body': () =>
    `${request(lab.origin, '/say', { method: 'POST', headers: ['Content-Type: application/json', 'Transfer-Encoding: chunked'] })}1\r\n1\r\n0\r\n\r\n`,
  'a frame': () => Buffer.from([0x81, 0x80, 0, 0, 0, 0]).toString('latin1'),
  'a HEAD': () => request(lab.origin, '/poll', { method: 'HEAD' }),
}
const ALL: Readonly<Record<string, () => string>> = { ...FIRST, ...UPGRADE, ...OTHER }

const LEAVE = {
  'hangs up': (raw: Raw) => raw.socket.destroy(),
  resets: (raw: Raw) => raw.socket.resetAndDestroy(),
  'half-closes': (raw: Raw) => raw.socket.end(),
}
type Raw = Awaited<ReturnType<WitnessedLab['open']>>

describe('an upgrade behind a request that is not answered yet', () => {
  it.each(Object.keys(UPGRADE))('leaves nothing behind, whichever side closes and how: %s', async upgrade => {
    for (const first of Object.values(FIRST)) {
      for (const leave of Object.values(LEAVE)) {
        const raw = await lab.open()
        raw.send(`${first()}${ALL[upgrade]?.()}`)
        leave(raw)
      }
      await lab.expectUnharmed()
    }
  })

  it('is answered in its turn, as a request without it, and the connection ends', async () => {
    const raw = await lab.open()
    raw.send(`${FIRST['a held poll']()}${UPGRADE['a good handshake']()}`)
    await expect.poll(() => lab.lab.techniques['long-poll'].readers).toBe(2)
    await lab.publish(1)
    await raw.until(({ closed }) => closed)
    const answers = readAnswers(raw.received, true)
    expect(answers.map(({ status }) => status)).toEqual([200, 426])
    expect(answers[1]?.headers.get('upgrade')).toBe('websocket')
    for (const witness of lab.witnesses) await witness.until(({ texts }) => texts.length > 0)
  })

  it('opens a WebSocket once the answer before it has arrived', async () => {
    const raw = await lab.open()
    raw.send(FIRST['a poll']())
    await raw.until(({ received }) => readAnswers(received).length === 1)
    raw.send(UPGRADE['a good handshake']())
    await raw.until(({ received }) => received.includes('HTTP/1.1 101 '))
  })
})

it('does not follow a stream whose turn comes after its connection has closed', async () => {
  for (let n = 0; n < 40; n += 1) {
    const raw = await lab.open()
    raw.send(`${FIRST['a poll']()}${FIRST['an SSE stream']()}`)
    if (n % 2 === 0) await new Promise(resolve => setImmediate(resolve))
    raw.socket.resetAndDestroy()
  }
})

it('leaves nothing behind, whatever is sent at once and however the client leaves', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(ALL)), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...Object.keys(LEAVE)),
      fc.constantFrom('at once', 'after a turn', 'when something came'),
      fc.constantFrom('origin' as const, 'linkOrigin' as const),
      async (names, leaving, when, port) => {
        const raw = await lab.open(port)
        raw.send(Buffer.from(names.map(name => ALL[name]?.()).join(''), 'latin1'))
        if (when === 'after a turn') await new Promise(resolve => setImmediate(resolve))
        if (when === 'when something came') {
          await raw.until(({ received, closed }) => closed || received.length > 0, 300).catch(() => {})
        }
        LEAVE[leaving as keyof typeof LEAVE](raw)
        await lab.expectUnharmed()
      },
    ),
    { numRuns: ROUNDS },
  )
}, 60_000)
