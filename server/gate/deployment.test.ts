import { Agent, request as httpRequest } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { TECHNIQUES, traitsOf } from '../protocol/techniques.ts'
import { openRaw } from '../testing/raw-socket.ts'
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

const few = (connections: number, requestsPerSecond = 1000) => ({
  deployment: 'lan' as const,
  limits: { connections: 100, perAddress: { connections, requestsPerSecond } },
})

describe('on a network', () => {
  it('readers may read and talk back; commands need the token', async () => {
    const { origin, lab } = await start({ deployment: 'lan', token: 'correct-horse' })
    const readers = await Promise.all(TECHNIQUES.map(technique => openReader(technique, origin)))
    expect((await post(origin, '/say', 'hi')).status).toBe(201)
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 1)))
    const before = JSON.stringify(await (await fetch(`${origin}/api/source`)).json())
    for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Bearer of-another-start' }]) {
      for (const [path, body] of [
        ['/api/events', { type: 'a', data: 1 }],
        ['/api/kill', {}],
        ['/api/burst', { count: 1 }],
        ['/api/reset', {}],
      ] as const) {
        expect((await post(origin, path, body, headers)).status).toBe(401)
      }
    }
    expect((await post(origin, '/api/kill?token=correct-horse', {})).status).toBe(401)
    expect(JSON.stringify(await (await fetch(`${origin}/api/source`)).json())).toBe(before)
    expect(lab.log.top).toBe(1)
    expect(readers.every(({ ended }) => !ended)).toBe(true)
    expect(
      (await post(origin, '/api/burst', { count: 2 }, { authorization: 'Bearer correct-horse' })).status,
    ).toBe(200)
    await Promise.all(readers.map(reader => reader.leave()))
  })

  it('has no commands at all without a token', async () => {
    const { origin } = await start({ deployment: 'lan' })
    const answer = await post(origin, '/api/kill', {})
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'commands-off' })
  })

  it("limits the connections of one address, and refuses more in each technique's own agent", async () => {
    const { origin, lab, publish } = await start(few(3))
    const readers = await Promise.all([
      openReader('sse', origin),
      openReader('websocket', origin),
      openReader('long-poll', origin),
    ])
    const poll = await httpGet(`${origin}/poll`)
    expect(poll).toMatchObject({ status: 429, retryAfter: '1' })
    const stream = await httpGet(`${origin}/sse`)
    expect(stream.status).toBe(200)
    expect(stream.body).toMatch(
      /^retry: \d+\nevent: bye\ndata: {"reason":"Close some connections: .*","retryMs":\d+}\n\n$/,
    )
    expect(await upgrade(origin)).toBe(429)
    await publish(1)
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 1)))
    await Promise.all(readers.map(reader => reader.leave()))
    await expect.poll(() => lab.meter.allSockets().length).toBe(0)
    expect((await httpGet(`${origin}/poll`)).status).toBe(200)
  })

  it('counts a client of the link by its own address', async () => {
    const { origin, linkOrigin } = await start(few(2))
    const readers = await Promise.all([openReader('sse', linkOrigin), openReader('websocket', origin)])
    expect((await httpGet(`${linkOrigin}/poll`)).status).toBe(429)
    await Promise.all(readers.map(reader => reader.leave()))
  })

  it('answers so many requests in a second, and more with 429', async () => {
    const { origin } = await start(few(100, 20))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const statuses: number[] = []
    for (let n = 0; n < 60; n += 1) statuses.push((await httpGet(`${origin}/poll`, {}, agent)).status)
    expect(statuses.filter(status => status === 200).length).toBeGreaterThanOrEqual(20)
    expect(statuses).toContain(429)
    agent.destroy()
  })
})

describe('everywhere', () => {
  it('limits the connections in all, and disturbs none that are open', async () => {
    const { origin, publish } = await start({ limits: { connections: TECHNIQUES.length, perAddress: null } })
    const readers = await Promise.all(TECHNIQUES.map(technique => openReader(technique, origin)))
    for (const { endpoint, laterBy, upgrades } of TECHNIQUES.map(traitsOf)) {
      if (upgrades) expect(await upgrade(origin)).toBe(503)
      else if (laterBy === 'bye') expect((await httpGet(`${origin}${endpoint}`)).body).toMatch(/bye/)
      else expect(await httpGet(`${origin}${endpoint}`)).toMatchObject({ status: 503, retryAfter: '1' })
    }
    await publish(3)
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 3)))
    await readers[0]?.leave()
    await expect.poll(async () => (await httpGet(`${origin}/poll`)).status).toBe(200)
    await Promise.all(readers.map(reader => reader.leave()))
  })
})

describe('behind a proxy', () => {
  it('believes the address that a trusted proxy names, and no other', async () => {
    const limits = { connections: 100, perAddress: { connections: 1, requestsPerSecond: 1000 } }
    const trusting = await start({ deployment: { proxies: ['127.0.0.1'] }, limits })
    const agents = Array.from({ length: 3 }, () => new Agent({ keepAlive: true }))
    const from = (address: string) => ({ 'x-forwarded-for': address })
    expect((await httpGet(`${trusting.origin}/poll`, from('192.0.2.1'), agents[0])).status).toBe(200)
    expect((await httpGet(`${trusting.origin}/poll`, from('192.0.2.2'), agents[1])).status).toBe(200)
    expect((await httpGet(`${trusting.origin}/poll`, from('192.0.2.2'), agents[2])).status).toBe(429)
    await trusting.stop()
    const doubting = await start({ deployment: { proxies: ['192.0.2.99'] }, limits })
    expect((await httpGet(`${doubting.origin}/poll`, from('192.0.2.1'), agents[0])).status).toBe(200)
    expect((await httpGet(`${doubting.origin}/poll`, from('192.0.2.2'), agents[1])).status).toBe(429)
    for (const agent of agents) agent.destroy()
  })

  const limits = { connections: 100, perAddress: { connections: 1, requestsPerSecond: 1000 } }
  const from = (address: string) => ({ 'x-forwarded-for': address })

  it.each([
    ['203.0.113.9:51234', '203.0.113.9:51235'],
    ['[2001:db8::1]:443', '2001:db8:0::2'],
    ['203.0.113.9, 127.0.0.1:99', '203.0.113.9'],
    ['unknown', 'garbage'],
  ])('takes %s and %s for one client', async (one, other) => {
    const { origin } = await start({ deployment: { proxies: ['127.0.0.1'] }, limits })
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })] as const
    expect((await httpGet(`${origin}/poll`, from(one), agents[0])).status).toBe(200)
    expect((await httpGet(`${origin}/poll`, from(one), agents[0])).status).toBe(200)
    expect((await httpGet(`${origin}/poll`, from(other), agents[1])).status).toBe(429)
    expect((await httpGet(`${origin}/poll`, from('198.51.100.7:1'), agents[1])).status).toBe(200)
    for (const agent of agents) agent.destroy()
  })

  it('counts a kept connection for the client that uses it now', async () => {
    const { origin } = await start({ deployment: { proxies: ['127.0.0.1'] }, limits })
    const [kept, other] = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true })]
    expect((await httpGet(`${origin}/poll`, from('192.0.2.1'), kept)).status).toBe(200)
    expect((await httpGet(`${origin}/poll`, from('192.0.2.2'), kept)).status).toBe(200)
    expect((await httpGet(`${origin}/poll`, from('192.0.2.2'), other)).status).toBe(429)
    expect((await httpGet(`${origin}/poll`, from('192.0.2.1'), other)).status).toBe(200)
    expect((await httpGet(`${origin}/poll`, from('192.0.2.1'), kept)).status).toBe(429)
    for (const agent of [kept, other]) agent.destroy()
  })

  it('does not count the connections of the proxy as those of one client', async () => {
    const { origin, lab } = await start({
      deployment: { proxies: ['127.0.0.1'] },
      limits: { ...limits, connections: 200 },
    })
    const readers = await Promise.all(
      Array.from({ length: 150 }, (_, n) => asksForEver(`${origin}/sse`, from(`192.0.2.${n}`))),
    )
    expect(lab.techniques.sse.readers).toBe(150)
    for (const leave of readers) leave()
  })
})

describe('connections without a request', () => {
  it.each(['nothing', 'half a head'])('are limited for one address: %s', async what => {
    const { origin, lab } = await start(few(3))
    const head = what === 'nothing' ? '' : 'GET /poll HTTP/1.1\r\nHo'
    const mutes = await Promise.all(Array.from({ length: 250 }, () => openRaw(origin)))
    for (const mute of mutes) mute.send(head)
    await expect.poll(() => mutes.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(147)
    expect(lab.meter.allSockets().length).toBeLessThanOrEqual(103)
    await Promise.all(mutes.map(mute => mute.leave()))
    await expect.poll(() => lab.meter.allSockets().length).toBe(0)
    expect((await httpGet(`${origin}/poll`)).status).toBe(200)
  })

  it('take no slot, and are cut when their head is overdue', async () => {
    const { origin, lab } = await start({
      ...few(3),
      policy: { headersMs: 100, requestMs: 100, checkEveryMs: 20 },
    })
    const mutes = await Promise.all(Array.from({ length: 50 }, () => openRaw(origin)))
    expect((await httpGet(`${origin}/poll`)).status).toBe(200)
    await expect.poll(() => mutes.every(({ closed }) => closed), { timeout: 3000 }).toBe(true)
    await Promise.all(mutes.map(mute => mute.leave()))
    await expect.poll(() => lab.meter.allSockets().length).toBe(0)
  })

  it('are limited in all if no address has a limit of its own', async () => {
    const { origin, lab } = await start({ limits: { connections: 20, perAddress: null } })
    const mutes = await Promise.all(Array.from({ length: 200 }, () => openRaw(origin)))
    await expect.poll(() => lab.meter.allSockets().length).toBeLessThanOrEqual(120)
    await Promise.all(mutes.map(mute => mute.leave()))
  })
})

describe('the messages of one address', () => {
  it('are limited however many names it uses', async () => {
    const { origin, lab } = await start({ policy: { sayBurst: 5, sayPerSecond: 0.001 } })
    const statuses: number[] = []
    for (let n = 0; n < 40; n += 1) {
      statuses.push((await post(origin, `/say?client=reader${10 + n}`, n)).status)
    }
    expect(statuses.filter(status => status === 201)).toHaveLength(15)
    expect(statuses.slice(15).every(status => status === 429)).toBe(true)
    expect(lab.log.top).toBe(15)
  })

  it('have a limit for each name, which another address cannot use up', async () => {
    const proxies = { deployment: { proxies: ['127.0.0.1'] } }
    const { origin } = await start({ ...proxies, policy: { sayBurst: 2, sayPerSecond: 0.001 } })
    const says = async (client: string, address: string) =>
      (await post(origin, `/say?client=${client}`, 1, { 'x-forwarded-for': address })).status
    for (let n = 0; n < 2; n += 1) expect(await says('readera1', '192.0.2.1')).toBe(201)
    expect(await says('readera1', '192.0.2.1')).toBe(429)
    expect(await says('readera2', '192.0.2.1')).toBe(201)
    expect(await says('readera1', '192.0.2.2')).toBe(201)
  })
})

function post(
  origin: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Sends one GET on a new connection, or on one of an agent. */
function httpGet(url: string, headers: Record<string, string> = {}, agent: Agent | false = false) {
  return new Promise<{ status: number; retryAfter: string | undefined; body: string }>((resolve, reject) => {
    const sent = httpRequest(url, { headers, agent }, async answer => {
      const body = Buffer.concat(await answer.toArray()).toString()
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'], body })
    })
    sent.once('error', reject).end()
  })
}

/** Opens a stream on a new connection. Resolves, once its head has arrived, to a function that ends it. */
function asksForEver(url: string, headers: Record<string, string>): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers, agent: false }, answer => resolve(() => answer.destroy()))
    sent.once('error', reject).end()
  })
}

/** The status with which an upgrade to the WebSocket endpoint is refused. */
function upgrade(origin: string): Promise<number> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
  socket.on('error', () => {})
  return new Promise(resolve => {
    socket.once('unexpected-response', (request, answer) => {
      request.destroy()
      resolve(answer.statusCode ?? 0)
    })
  })
}
