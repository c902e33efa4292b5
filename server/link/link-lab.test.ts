import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { buildLab } from '../app.ts'
import type { LinkConditions } from '../protocol/api.ts'
import { TECHNIQUES, traitsOf } from '../protocol/techniques.ts'
import { QUIET, type StartedLab, type StartOptions, startLab } from '../testing/start-lab.ts'
import { openReader, type WireReader } from '../testing/wire-readers.ts'
import { openLink } from './link.ts'

/** The link as readers and the operator of a lab use it. */
let started: StartedLab | null = null
const readers: WireReader[] = []

const start = async (conditions: LinkConditions = {}, options?: StartOptions) => {
  started = await startLab(options)
  await put(started.origin, conditions)
  return started
}

afterEach(async () => {
  await Promise.all(readers.splice(0).map(reader => reader.leave()))
  await started?.stop()
  started = null
})

describe('the API of the link', () => {
  it('sets the named conditions, clears the others, and tells what is on', async () => {
    const { origin } = await start()
    expect(await read(origin)).toEqual({})
    const conditions: LinkConditions = {
      delayMs: 20,
      jitterMs: 2.5,
      bytesPerSecond: 1000,
      buffer: { bytes: 4096, honoursHeader: true },
      blackhole: false,
      idleTimeoutMs: 1000,
      refuseStatus: 503,
      resetAfterBytes: 1,
      cutAfterBytes: 1_000_000_000,
      sliceBytes: 65_536,
    }
    expect(await put(origin, conditions)).toEqual({ status: 200, body: conditions })
    expect(await read(origin)).toEqual(conditions)
    expect(await put(origin, { delayMs: 5 })).toEqual({ status: 200, body: { delayMs: 5 } })
    expect(await put(origin, {})).toEqual({ status: 200, body: {} })
    expect(await read(origin)).toEqual({})
  })

  it.each([
    { delayMs: 2001 },
    { delayMs: -1 },
    { delayMs: '20' },
    { jitterMs: 1001 },
    { bytesPerSecond: 99 },
    { bytesPerSecond: 1e9 + 1 },
    { buffer: {} },
    { buffer: { bytes: 0 } },
    { buffer: { bytes: 4096, more: 1 } },
    { buffer: 4096 },
    { blackhole: 1 },
    { idleTimeoutMs: 999 },
    { idleTimeoutMs: 600_001 },
    { refuseStatus: 500 },
    { refuseStatus: '503' },
    { resetAfterBytes: 0 },
    { resetAfterBytes: 1.5 },
    { cutAfterBytes: 1e9 + 1 },
    { sliceBytes: 65_537 },
    { sliceBytes: null },
    { host: 'example.org' },
    [[]],
    null,
  ])('refuses %j, and changes nothing', async wrong => {
    const { origin } = await start({ delayMs: 7 })
    const body = Array.isArray(wrong) || wrong === null ? wrong : { jitterMs: 3, ...wrong }
    expect(await put(origin, body)).toMatchObject({ status: 400, body: { code: 'bad-body' } })
    expect(await read(origin)).toEqual({ delayMs: 7 })
  })

  it('clears the link on a reset of the lab', async () => {
    const { origin } = await start({ delayMs: 7 })
    await fetch(`${origin}/api/reset`, { method: 'POST' })
    expect(await read(origin)).toEqual({})
  })

  it('refuses if there is no link', async () => {
    const lab = await buildLab({
      window: { keepEvents: 10, keepSeconds: 10, keepBytes: 1000 },
      source: QUIET,
      deployment: 'loopback',
      token: null,
      allowHosts: [],
      complain: () => {},
    })
    const { port } = await lab.listen({ host: '127.0.0.1', port: 0, linkPort: null })
    const origin = `http://127.0.0.1:${port}`
    const conflict = { status: 409, body: { code: 'no-link' } }
    expect(await put(origin, { delayMs: 5 })).toMatchObject(conflict)
    expect(await call(origin, 'GET', '/api/link')).toMatchObject(conflict)
    expect(await call(origin, 'POST', '/api/reset')).toMatchObject({ status: 200 })
    await lab.close()
  })
})

describe.each(TECHNIQUES)('%s by the link', technique => {
  const open = async (origin: string, query?: string) => {
    const reader = await openReader(technique, origin, query)
    readers.push(reader)
    return reader
  }

  it.each<LinkConditions>([
    { delayMs: 20 },
    { delayMs: 10, jitterMs: 10 },
    { bytesPerSecond: 5000 },
    { sliceBytes: 7 },
    { buffer: { bytes: 4096, honoursHeader: true } },
  ])('arrives byte for byte with %j', async conditions => {
    const { linkOrigin, publish, lab } = await start(conditions)
    const reader = await open(linkOrigin)
    await publish(3, n => `${n}: Ōfunato 😀 \r\n\r\nid: 9`)
    await reader.until(({ texts }) => texts.length >= 3)
    expect(reader.texts).toEqual(keptTexts(lab.log))
    expect(reader.gaps).toEqual([])
  })

  it('arrives byte for byte in slices of one byte', async () => {
    const { origin, linkOrigin, publish, lab } = await start()
    const reader = await open(linkOrigin)
    await put(origin, { sliceBytes: 1 })
    await publish(2, n => `${n} 😀\r\n`)
    await reader.until(({ texts }) => texts.length >= 2)
    expect(reader.texts).toEqual(keptTexts(lab.log))
  })

  it('loses nothing to resets and cuts, wherever they fall', async () => {
    const { origin, linkOrigin, publish, lab } = await start()
    await publish(5, n => ({ n, text: 'ä'.repeat(20) }))
    let place = `${lab.log.epoch}-0`
    const texts: string[] = []
    for (let bytes = 1; texts.length < 5; bytes += 53) {
      await put(origin, bytes % 2 === 0 ? { resetAfterBytes: bytes } : { cutAfterBytes: bytes })
      const reader = await open(linkOrigin, `cursor=${place}`).catch(() => null)
      await reader?.until(({ ended, place }) => ended || place.endsWith('-5'))
      texts.push(...(reader?.texts ?? []))
      if (reader?.place) place = reader.place
    }
    expect(texts).toEqual(keptTexts(lab.log))
  })

  it.each([502, 503, 504] as const)('is refused with %i that the page can read', async refuseStatus => {
    const { origin, linkOrigin } = await start({ refuseStatus })
    const ask = (origin: string) =>
      fetch(`${linkOrigin}${traitsOf(technique).endpoint}`, { headers: { origin } })
    const answer = await ask(origin)
    expect(answer.status).toBe(refuseStatus)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toMatchObject({ code: 'link-refuses' })
    const foreign = await ask('http://evil.example')
    expect(foreign.status).toBe(refuseStatus)
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('a link that refuses new requests', () => {
  it('keeps open streams, and refuses the next request on an open connection', async () => {
    const { origin, linkOrigin, publish, lab } = await start()
    readers.push(await openReader('sse', linkOrigin), await openReader('websocket', linkOrigin))
    const poll = askRaw(linkOrigin, '/poll')
    await expect.poll(() => poll.text).toMatch(/^HTTP\/1.1 200 .*\}$/s)
    await put(origin, { refuseStatus: 503 })
    poll.ask()
    await expect.poll(() => poll.ended).toBe(true)
    expect(poll.text).toMatch(/\}HTTP\/1.1 503 .*"link-refuses"\}$/s)
    await expect.poll(() => lab.meter.read().techniques.poll.connections).toBe(0)
    await publish(1)
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 1)))
    await put(origin, {})
    expect((await fetch(`${linkOrigin}/poll`)).status).toBe(200)
  })

  it('answers a long poll that was held before', async () => {
    const { origin, linkOrigin, publish, lab } = await start()
    const held = fetch(`${linkOrigin}/long-poll?cursor=${lab.log.epoch}-0`)
    await expect.poll(() => lab.techniques['long-poll'].readers).toBe(1)
    await put(origin, { refuseStatus: 503 })
    await publish(1)
    expect((await held).status).toBe(200)
  })

  it('refuses from the far end, after a whole round trip', async () => {
    const { linkOrigin } = await start({ refuseStatus: 503, delayMs: 50 })
    const askedAtMs = performance.now()
    expect((await fetch(`${linkOrigin}/poll`)).status).toBe(503)
    expect(performance.now() - askedAtMs).toBeGreaterThanOrEqual(4 * 50)
  })
})

describe('a link that buffers', () => {
  const BUFFER = { bytes: 4096, honoursHeader: false }

  it('holds a stream until there are so many bytes, and then sends them at once', async () => {
    const { linkOrigin, publish } = await start({ buffer: BUFFER })
    const stream = askRaw(linkOrigin, '/sse')
    await expect.poll(() => stream.text).toMatch(/\r\n\r\n$/)
    await publish(10, () => 'x'.repeat(200))
    await pause(200)
    expect(stream.text).toMatch(/\r\n\r\n$/)
    await publish(10, () => 'x'.repeat(200))
    await expect.poll(() => stream.text.match(/^data: \{"seq"/gm)?.length).toBeGreaterThanOrEqual(10)
    stream.leave()
  })

  it('passes a stream with X-Accel-Buffering: no, if it honours that', async () => {
    const { linkOrigin, publish } = await start({ buffer: { ...BUFFER, honoursHeader: true } })
    const reader = await openReader('sse', linkOrigin)
    readers.push(reader)
    await publish(1)
    await reader.until(({ texts }) => texts.length === 1)
  })

  it.each(['poll', 'long-poll', 'websocket'] as const)('never holds what %s sends', async technique => {
    const { linkOrigin, publish } = await start({ buffer: BUFFER })
    const reader = await openReader(technique, linkOrigin)
    readers.push(reader)
    for (let n = 1; n <= 3; n += 1) {
      await publish(1)
      await reader.until(({ texts }) => texts.length === n)
    }
  })

  it('can be switched on and off while a stream is open', async () => {
    const { origin, linkOrigin, publish } = await start()
    const reader = await openReader('sse', linkOrigin)
    readers.push(reader)
    await put(origin, { buffer: BUFFER })
    await publish(3)
    await pause(200)
    expect(reader.texts).toHaveLength(0)
    await put(origin, {})
    await reader.until(({ texts }) => texts.length === 3)
  })

  it('releases at the end of a body, whether the connection ends with it or not', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/close') response.useChunkedEncodingByDefault = false
      response.write('held, ')
      setTimeout(() => response.end('then let go'), 50)
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const link = await openLink(server, { host: '127.0.0.1', port: 0, grants: () => ({}) })
    link.change({ buffer: BUFFER })
    for (const path of ['/close', '/chunked', '/chunked']) {
      const answer = await fetch(`http://127.0.0.1:${link.port}${path}`)
      expect(await answer.text()).toBe('held, then let go')
    }
    await link.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    expect((server.address() as AddressInfo | null)?.port).toBeUndefined()
  })
})

describe('a link that ends', () => {
  it('first delivers what the server sent last', async () => {
    const lab = await start({ delayMs: 150 })
    const reader = await openReader('sse', lab.linkOrigin)
    await lab.stop()
    started = null
    await reader.until(({ ended }) => ended)
    expect(reader.controls).toEqual(['hello', 'bye'])
  })
})

function keptTexts(log: StartedLab['lab']['log']): string[] {
  const from = { epoch: log.epoch, seq: 0 }
  return log
    .since(from, { maxEvents: 1000, maxBytes: 1e9, overheadBytes: 0 })
    .entries.map(entry => entry.text)
}

/** Sends as many requests as it is told to, and records the bytes that arrive. */
function askRaw(origin: string, path: string) {
  const { port } = new URL(origin)
  const socket = connect(Number(port), '127.0.0.1')
  const ask = () => void socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const raw = { text: '', ended: false, ask, leave: () => void socket.destroy() }
  socket.on('data', bytes => {
    raw.text += bytes
  })
  socket.once('end', () => {
    raw.ended = true
  })
  ask()
  return raw
}

function put(origin: string, conditions: unknown) {
  return call(origin, 'PUT', '/api/link', conditions)
}

async function read(origin: string): Promise<unknown> {
  return (await call(origin, 'GET', '/api/link')).body
}

async function call(origin: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${origin}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.json() }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
