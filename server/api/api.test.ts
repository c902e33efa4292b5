import { Agent, get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ClockReading, ControlMessage, Stats, Traffic } from '../protocol/api.ts'
import { type StartedLab, type StartOptions, startLab } from '../testing/start-lab.ts'
import { openReader } from '../testing/wire-readers.ts'

let started: StartedLab | null = null
const start = async (options?: StartOptions) => {
  started = await startLab(options)
  return started
}
afterEach(async () => {
  await started?.stop()
  started = null
})

describe('publishing', () => {
  it('is acknowledged with the cursor, once the event is in the log', async () => {
    const { origin, lab } = await start()
    const answer = await send(origin, 'POST', '/api/events', { type: 'greeting', data: { to: 'all' } })
    expect(answer).toEqual({ status: 201, body: { cursor: `${lab.log.epoch}-1` } })
    expect(lab.log.top).toBe(1)
  })

  it('happens once for a key, however often the request is repeated', async () => {
    const { origin, lab } = await start()
    const headers = { 'idempotency-key': 'a-key' }
    const [first, ...again] = await Promise.all(
      Array.from({ length: 5 }, () => send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, headers)),
    )
    for (const answer of again) expect(answer).toEqual(first)
    expect(lab.log.top).toBe(1)
    const other = await send(origin, 'POST', '/api/events', { type: 'a', data: 2 }, headers)
    expect(other).toMatchObject({ status: 409, body: { code: 'key-used' } })
  })

  it('frees a key whose publish was refused', async () => {
    const { origin } = await start()
    const headers = { 'idempotency-key': 'a-key' }
    expect(await send(origin, 'POST', '/api/events', { type: 'gap', data: 1 }, headers)).toMatchObject({
      status: 400,
    })
    expect(await send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, headers)).toMatchObject({
      status: 201,
    })
  })

  it.each([
    [{ type: 'hello', data: 1 }, 400, 'reserved-type'],
    [{ type: 'a\nid: 9', data: 1 }, 400, 'bad-type'],
    [{ type: 'a' }, 400, 'bad-body'],
    [{ type: 1, data: 1 }, 400, 'bad-body'],
    [{ type: 'a', data: 1, at: 5 }, 400, 'bad-body'],
    ['[1', 400, 'bad-json'],
    ['', 400, 'bad-json'],
    ['{"type":"a","data":{"__proto__":1}}', 400, 'bad-json'],
    [{ type: 'a', data: 'x'.repeat(65_535) }, 413, 'data-too-large'],
    [{ type: 'a', data: 'x'.repeat(70_000) }, 413, 'too-large'],
  ])('is refused for %j', async (body, status, code) => {
    const { origin, lab } = await start()
    const answer = await send(origin, 'POST', '/api/events', body)
    expect(answer).toMatchObject({ status, body: { code, error: expect.stringMatching(/^[A-Z].*\.$/) } })
    expect(lab.log.top).toBe(0)
  })

  it('takes JSON only', async () => {
    const { origin } = await start()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await send(
        origin,
        'POST',
        '/api/events',
        { type: 'a', data: 1 },
        { 'content-type': type },
      )
      expect(answer).toMatchObject({ status: 415, body: { code: 'not-json' } })
    }
  })
})

describe('the source', () => {
  it('can be read and changed, and refuses unknown settings', async () => {
    const { origin, lab } = await start()
    const wanted = { kind: 'synthetic', rate: 200, timing: 'fixed', payloadBytes: 32 }
    expect(await send(origin, 'PUT', '/api/source', wanted)).toEqual({ status: 200, body: wanted })
    await expect.poll(() => lab.log.top).toBeGreaterThan(3)
    expect(await send(origin, 'PUT', '/api/source', { rate: 0 })).toMatchObject({
      body: { ...wanted, rate: 0 },
    })
    for (const bad of [
      { rate: -1 },
      { rate: '2' },
      { rate: 1e9 },
      { kind: 'kafka' },
      { file: '/etc/passwd' },
      { payloadBytes: 1.5 },
    ]) {
      expect(await send(origin, 'PUT', '/api/source', { ...bad })).toMatchObject({
        status: 400,
        body: { code: 'bad-body' },
      })
    }
    expect(await read(origin, '/api/source')).toEqual({ ...wanted, rate: 0 })
  })

  it('publishes a burst in one turn', async () => {
    const { origin, lab } = await start()
    expect(await send(origin, 'POST', '/api/burst', { count: 100 })).toEqual({
      status: 200,
      body: { cursor: `${lab.log.epoch}-100` },
    })
    for (const count of [0, -1, 1.5, 10_001, '5', null]) {
      expect(await send(origin, 'POST', '/api/burst', { count })).toMatchObject({ status: 400 })
    }
  })
})

describe('a kill', () => {
  it('cuts the readers of one technique or of all, idle pollers included, and no other connection', async () => {
    const { origin } = await start()
    const poller = new Agent({ keepAlive: true })
    await httpGet(poller, `${origin}/poll`)
    const [sse, websocket] = await Promise.all([openReader('sse', origin), openReader('websocket', origin)])
    expect(await send(origin, 'POST', '/api/kill', { technique: 'sse' })).toEqual({
      status: 200,
      body: { cut: 1 },
    })
    await sse.until(({ ended }) => ended)
    expect(websocket.ended).toBe(false)
    expect(await send(origin, 'POST', '/api/kill', {})).toEqual({ status: 200, body: { cut: 2 } })
    await websocket.until(({ ended }) => ended)
    expect(await send(origin, 'POST', '/api/kill', { technique: '*' })).toMatchObject({ status: 400 })
    poller.destroy()
  })
})

describe('the statistics', () => {
  it('count a pooled socket for the request that just ended on it, and every byte for some owner', async () => {
    const { origin, lab } = await start()
    const pool = new Agent({ keepAlive: true, maxSockets: 1 })
    const { socket } = await httpGet(pool, `${origin}/poll`)
    await httpGet(pool, `${origin}/api/clock`)
    await httpGet(pool, `${origin}/long-poll`)
    const last = await httpGet(pool, `${origin}/nowhere`)
    expect(last.socket).toBe(socket)
    const { techniques, other } = lab.meter.read()
    for (const name of ['poll', 'long-poll'] as const)
      expect(techniques[name]).toMatchObject({ requests: 1, connections: 0 })
    expect(other).toMatchObject({ requests: 2, connections: 1 })
    const booked = [...Object.values(techniques), other]
    expect(booked.reduce((sum, traffic) => sum + traffic.bytesIn, 0)).toBe(socket.bytesWritten)
    expect(booked.reduce((sum, traffic) => sum + bytesOut(traffic), 0)).toBe(socket.bytesRead)
    const bodyBytes = JSON.stringify({ cursor: `${lab.log.epoch}-0`, events: [] }).length
    expect(techniques.poll).toMatchObject({ payloadBytesOut: 0, framingBytesOut: bodyBytes })
    pool.destroy()
  })

  it('split what a poll costs into payload, head and framing', async () => {
    const { origin, lab, publish } = await start()
    await publish(3)
    const answer = await fetch(`${origin}/poll?cursor=earliest`)
    const body = await answer.text()
    await expect.poll(() => lab.meter.read().techniques.poll.deliveries).toBe(3)
    const { poll } = lab.meter.read().techniques
    expect(poll.payloadBytesOut).toBe(lab.log.bytes)
    expect(poll.framingBytesOut).toBe(Buffer.byteLength(body) - lab.log.bytes)
    expect(poll.headerBytesOut).toBeGreaterThan(100)
  })

  it('start from zero at a reset, together with the source', async () => {
    const { origin } = await start({ source: { kind: 'synthetic', rate: 0 } })
    await send(origin, 'PUT', '/api/source', { rate: 100 })
    await fetch(`${origin}/poll?cursor=earliest`)
    const before = (await read(origin, '/api/stats')) as unknown as Stats
    expect(before.techniques.poll.requests).toBe(1)
    expect(await send(origin, 'POST', '/api/reset')).toMatchObject({ status: 200 })
    const after = (await read(origin, '/api/stats')) as unknown as Stats
    expect(after.techniques.poll).toMatchObject({ requests: 0, bytesIn: 0, headerBytesOut: 0 })
    expect(after.sinceAt).toBeGreaterThan(before.sinceAt)
    expect(after.log.epoch).toBe(before.log.epoch)
    expect(await read(origin, '/api/source')).toMatchObject({ rate: 0 })
  })

  it('give the two readings of one instant', async () => {
    const { origin } = await start()
    const before = process.hrtime.bigint()
    const one = (await read(origin, '/api/clock')) as unknown as ClockReading
    const two = (await read(origin, '/api/clock')) as unknown as ClockReading
    const after = process.hrtime.bigint()
    expect(BigInt(one.monotonicNs)).toBeGreaterThan(before)
    expect(BigInt(two.monotonicNs)).toBeLessThan(after)
    const driftMs = two.at - one.at - Number(BigInt(two.monotonicNs) - BigInt(one.monotonicNs)) / 1e6
    expect(Math.abs(driftMs)).toBeLessThan(0.002)
  })
})

describe('the control socket', () => {
  it('sends the statistics, those of the named reader separately, and the clock', async () => {
    const { origin, publish } = await start()
    const reader = await openReader('sse', origin, 'client=abcd1234')
    const stranger = await openReader('sse', origin)
    await publish(2)
    await reader.until(({ texts }) => texts.length === 2)
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/control?client=abcd1234`)
    const messages: ControlMessage[] = []
    socket.on('message', data => messages.push(JSON.parse(data.toString())))
    await new Promise(resolve => socket.once('open', resolve))
    socket.send('{"ping":7}')
    await expect.poll(() => messages.some(message => 'pong' in message && message.pong === 7)).toBe(true)
    await expect.poll(() => messages.filter(message => 'stats' in message).length).toBeGreaterThan(2)
    const told = messages.findLast(message => 'stats' in message)
    expect(told?.stats.techniques.sse).toMatchObject({ deliveries: 4, connections: 2 })
    expect(told?.client?.sse).toMatchObject({ deliveries: 2, connections: 1 })
    socket.send('drop table')
    expect(await new Promise(resolve => socket.once('close', resolve))).toBe(4400)
    await Promise.all([reader.leave(), stranger.leave()])
  })
})

describe('talking back', () => {
  it('is answered on the same WebSocket and reaches every reader', async () => {
    const { origin, lab } = await start()
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
    const messages: Record<string, unknown>[] = []
    socket.on('message', data => messages.push(JSON.parse(data.toString())))
    await new Promise(resolve => socket.once('open', resolve))
    socket.send('{"say":["hi",1]}')
    await expect.poll(() => messages.length).toBe(3)
    expect(messages).toContainEqual({ said: `${lab.log.epoch}-1` })
    expect(messages).toContainEqual(expect.objectContaining({ seq: 1, type: 'say', data: ['hi', 1] }))
    socket.terminate()
  })

  it.each([
    'hello',
    '[]',
    '{}',
    '{"say":1,"to":2}',
    '{"sing":1}',
    '{"say":{"__proto__":1}}',
    `{"say":"${'x'.repeat(1100)}"}`,
  ])('closes a WebSocket that sends %s with 4400', async text => {
    const { origin, lab } = await start()
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
    await new Promise(resolve => socket.once('open', resolve))
    socket.send(text)
    expect(await new Promise(resolve => socket.once('close', resolve))).toBe(4400)
    expect(lab.log.top).toBe(0)
  })

  it('is limited in length and rate', async () => {
    const { origin } = await start({ policy: { sayBurst: 5, sayPerSecond: 0.001 } })
    expect(await send(origin, 'POST', '/say', 'x'.repeat(1100))).toMatchObject({ status: 413 })
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send(origin, 'POST', '/say?client=abcd1234', 'hi')),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 429, 429, 429])
    expect(await send(origin, 'POST', '/say?client=efgh5678', 'hi')).toMatchObject({ status: 201 })
  })
})

describe('the guard', () => {
  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', '127.0.0.1:1'])(
    'refuses the host %s',
    async host => {
      const { origin } = await start()
      const answer = await httpGet(new Agent(), `${origin}/api/health`, { host })
      expect(answer.status).toBe(403)
    },
  )

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'ftp://'])(
    'refuses the origin %s, before an upgrade too',
    async from => {
      const { origin, lab } = await start()
      expect(
        await send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, { origin: from }),
      ).toMatchObject({ status: 403 })
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { origin: from })
      socket.on('error', () => {})
      const status = await new Promise(resolve =>
        socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode)),
      )
      expect(status).toBe(403)
      expect(lab.techniques.websocket.readers).toBe(0)
      expect(lab.log.top).toBe(0)
    },
  )

  it('answers an upgrade with 404 where there is no WebSocket, and closes the connection', async () => {
    const { origin } = await start()
    for (const path of ['/poll', '/nowhere', '/api/stats']) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`)
      socket.on('error', () => {})
      const answer = await new Promise<IncomingMessage>(resolve => {
        socket.once('unexpected-response', (_request, response) => resolve(response))
      })
      expect(answer.statusCode).toBe(404)
      await new Promise(resolve => answer.resume().once('close', resolve))
    }
  })

  it("lets the page's own origin in, by either name", async () => {
    const { origin } = await start()
    for (const from of [origin, origin.replace('127.0.0.1', 'localhost')]) {
      expect(
        await send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, { origin: from }),
      ).toMatchObject({ status: 201 })
    }
  })

  it('requires the token for commands only, if there is one', async () => {
    const { origin, lab } = await start({ token: 'correct horse' })
    expect((await fetch(`${origin}/api/stats`)).status).toBe(200)
    for (const authorization of ['', 'Bearer', 'Bearer wrong', 'Basic correct horse']) {
      const answer = await send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, { authorization })
      expect(answer).toMatchObject({ status: 401, body: { code: 'no-token' } })
    }
    expect(lab.log.top).toBe(0)
    const right = { authorization: 'Bearer correct horse' }
    expect(await send(origin, 'POST', '/api/events', { type: 'a', data: 1 }, right)).toMatchObject({
      status: 201,
    })
  })
})

async function send(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const sent =
    body === undefined
      ? {}
      : { body: typeof body === 'string' && !path.startsWith('/say') ? body : JSON.stringify(body) }
  const typed: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(`${origin}${path}`, { method, headers: { ...typed, ...headers }, ...sent })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function read(origin: string, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${origin}${path}`)).json()) as Record<string, unknown>
}

/** One GET through a pool; resolves once the answer is read. */
function httpGet(
  agent: Agent,
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; socket: Socket }> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, response => {
      const { statusCode: status = 0, socket } = response
      response.resume()
      response.once('end', () => setImmediate(resolve, { status, socket }))
    }).on('error', reject)
  })
}

function bytesOut(traffic: Traffic): number {
  return traffic.payloadBytesOut + traffic.headerBytesOut + traffic.framingBytesOut
}
