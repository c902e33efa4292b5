import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { framesIn } from '../testing/frames.ts'
import { exchange, readAnswers, refusalOf, request } from '../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab()
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

/** What Java's HttpClient sends by default, an old TLS upgrade (RFC 2817), and unknown protocols. */
const IGNORED = ['h2c', 'TLS/1.2', 'h2c, TLS/1.0', 'zebra', 'websocket/13', 'websockets']

const offering = (protocol: string) => [
  'Connection: Upgrade, HTTP2-Settings',
  `Upgrade: ${protocol}`,
  'HTTP2-Settings: AAEAAEAAAAIAAAAB',
]

describe.each(['origin', 'linkOrigin'] as const)('an Upgrade that is not offered, at the %s', port => {
  it.each(IGNORED)('does not prevent an answer to GET and HEAD: "%s"', async protocol => {
    const headers = offering(protocol)
    for (const method of ['GET', 'HEAD']) {
      const answer = await exchange(lab[port], request(lab[port], '/poll', { method, headers }))
      expect(answer).toMatchObject({ status: 200, closed: true })
    }
  })

  it('does not prevent the reading of a body', async () => {
    const headers = [...offering('h2c'), 'Content-Type: application/json']
    const parts = { method: 'POST', headers, body: '"hello"' }
    const answer = await exchange(lab[port], request(lab[port], '/say', parts))
    expect(answer).toMatchObject({ status: 201, closed: true })
    for (const witness of lab.witnesses) {
      await witness.until(({ texts }) => texts.at(-1)?.includes('"say","data":"hello"') === true)
    }
  })

  it('does not prevent a stream from opening, nor a long poll from being held', async () => {
    const { origin, lab: inner } = lab
    const here = `${inner.log.epoch}-${inner.log.top}`
    const stream = await lab.open(port)
    stream.send(
      request(origin, '/sse', { headers: [`Host: ${new URL(lab[port]).host}`, ...offering('h2c')] }),
    )
    const held = await lab.open(port)
    held.send(request(lab[port], `/long-poll?cursor=${here}`, { headers: offering('h2c') }))
    await stream.until(({ received }) => received.includes('event: hello'))
    await expect.poll(() => inner.techniques['long-poll'].readers).toBe(2)
    expect(held.received).toHaveLength(0)
  })

  it('is refused where any other request would be', async () => {
    const refused = async (path: string, method = 'GET') =>
      refusalOf(await exchange(lab[port], request(lab[port], path, { method, headers: offering('h2c') })))
    expect(await refused('/ws')).toEqual({ status: 426, code: 'upgrade-required' })
    expect(await refused('/poll?cursor=zebra')).toEqual({ status: 400, code: 'bad-cursor' })
    expect(await refused('/poll', 'DELETE')).toEqual({ status: 405, code: 'method-not-allowed' })
    expect((await refused('/zebra')).status).toBe(404)
  })

  it('closes the connection after its answer, because Node drops what came behind it', async () => {
    const raw = await lab.open(port)
    raw.send(request(lab[port], '/poll', { headers: offering('h2c') }) + request(lab[port], '/poll'))
    await raw.until(({ closed }) => closed)
    const answers = readAnswers(raw.received, true)
    expect(answers.map(({ status }) => status)).toEqual([200])
    expect(answers[0]?.headers.get('connection')).toBe('close')
  })

  it('closes the connection also if the body was waited for', async () => {
    const head = [`Host: ${new URL(lab[port]).host}`, ...offering('h2c'), 'Content-Type: application/json']
    const raw = await lab.open(port)
    raw.send(
      `POST /say HTTP/1.1\r\n${head.join('\r\n')}\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n`,
    )
    await raw.until(({ received }) => received.toString() === 'HTTP/1.1 100 Continue\r\n\r\n')
    raw.send(`1${request(lab[port], '/poll')}`)
    await raw.until(({ closed }) => closed)
    expect(readAnswers(raw.received, true).map(({ status }) => status)).toEqual([201])
    for (const witness of lab.witnesses) {
      await witness.until(({ texts }) => texts.at(-1)?.includes('"say","data":1') === true)
    }
  })

  it('is answered in its turn', async () => {
    const raw = await lab.open(port)
    raw.send(request(lab[port], '/poll') + request(lab[port], '/poll', { headers: offering('h2c') }))
    await raw.until(({ closed }) => closed)
    expect(readAnswers(raw.received, true).map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('an Upgrade to websocket', () => {
  const handshake = (upgrade: string) => [
    'Connection: keep-alive, upgrade',
    `Upgrade: ${upgrade}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]

  it.each(['websocket', 'WebSocket', 'WEBSOCKET', 'h2c, websocket', 'websocket , h2c'])(
    'opens one: "%s"',
    async upgrade => {
      for (const port of ['origin', 'linkOrigin'] as const) {
        const raw = await lab.open(port)
        raw.send(request(lab[port], '/ws', { headers: handshake(upgrade) }))
        await raw.until(({ received }) => framesIn(received).length > 0)
        expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 101 /)
      }
    },
  )

  it('is ignored in HTTP/1.0 (RFC 9110 §7.8), and with any method but GET', async () => {
    const text = request(lab.origin, '/ws', { headers: handshake('websocket') })
    const old = await exchange(lab.origin, text.replace('HTTP/1.1', 'HTTP/1.0'))
    expect(refusalOf(old)).toEqual({ status: 426, code: 'upgrade-required' })
    const headers = [...handshake('websocket'), 'Content-Type: application/json']
    const said = await exchange(
      lab.origin,
      request(lab.origin, '/say', { method: 'POST', headers, body: '1' }),
    )
    expect(said.status).toBe(201)
    for (const witness of lab.witnesses)
      await witness.until(({ texts }) => texts.at(-1)?.includes('"say"') === true)
  })
})
