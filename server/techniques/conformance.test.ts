import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { RefusalBody } from '../protocol/api.ts'
import { asksAtIntervals, isStream, TECHNIQUES, type Technique, traitsOf } from '../protocol/techniques.ts'
import { formatCursor } from '../protocol/wire.ts'
import { type StartedLab, type StartOptions, startLab } from '../testing/start-lab.ts'
import { openReader, type WireReader } from '../testing/wire-readers.ts'

/** The executable half of the protocol: a technique is complete when this file passes for it, unchanged. */
describe.each(TECHNIQUES)('%s', technique => {
  const { endpoint, laterBy } = traitsOf(technique)
  const opened: WireReader[] = []
  let started: StartedLab | null = null

  const start = async (options?: StartOptions) => {
    started = await startLab(options)
    return started
  }
  const open = async (origin: string, query?: string) => {
    const reader = await openReader(technique, origin, query)
    opened.push(reader)
    return reader
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(reader => reader.leave()))
    await started?.stop()
    started = null
  })

  it('tells a newcomer its place, and nothing of the past', async () => {
    const { origin, publish } = await start()
    const top = await publish(3)
    const reader = await open(origin)
    expect(reader.place).toBe(formatCursor(top))
    await publish(1)
    await reader.until(({ texts }) => texts.length > 0)
    expect(seqs(reader)).toEqual([4])
  })

  it('delivers everything that is kept for the cursor earliest', async () => {
    const { origin, publish } = await start()
    await publish(3)
    const reader = await open(origin, 'cursor=earliest')
    await reader.until(({ texts }) => texts.length === 3)
    await publish(1)
    await reader.until(({ texts }) => texts.length === 4)
    expect(seqs(reader)).toEqual([1, 2, 3, 4])
  })

  it('carries the text of every event byte for byte', async () => {
    const { origin, publish, lab } = await start()
    const reader = await open(origin)
    const hard = [
      '',
      'a\r\n\r\nid: 9\ndata: x\n\n',
      '\u2028 \uFEFF',
      '😀 \ud800',
      '{"control":"hello"}',
      '"}],',
      'ä'.repeat(30_000),
    ]
    await publish(hard.length, n => hard[n - 1])
    await publish(2, () => ({ __proto__: null, '1': -0, b: [1e21, null, true] }))
    await reader.until(({ texts }) => texts.length === hard.length + 2)
    const kept = lab.log.since(
      { epoch: lab.log.epoch, seq: 0 },
      { maxEvents: 100, maxBytes: 1e9, overheadBytes: 0 },
    )
    expect(reader.texts).toEqual(kept.entries.map(entry => entry.text))
    expect(reader.texts.slice(0, hard.length).map(text => JSON.parse(text).data)).toEqual(hard)
  })

  it('delivers a thousand events in order, none twice', async () => {
    const { origin, publish } = await start()
    const reader = await open(origin)
    await publish(1000)
    await reader.until(({ texts }) => texts.length >= 1000)
    expect(seqs(reader)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(reader.gaps).toEqual([])
  })

  it('loses nothing of what happened between two reads', async () => {
    const { origin, publish } = await start()
    const first = await open(origin)
    await publish(5)
    await first.until(({ texts }) => texts.length === 5)
    await first.leave()
    await publish(700)
    const second = await open(origin, `cursor=${first.place}`)
    await publish(1)
    await second.until(({ texts }) => texts.length >= 701)
    expect(seqs(second)).toEqual(Array.from({ length: 701 }, (_, index) => index + 6))
    expect(second.gaps).toEqual([])
  })

  it('declares what was trimmed once, before the next event, with the exact count', async () => {
    const { origin, publish, lab } = await start({
      window: { keepEvents: 10, keepSeconds: 120, keepBytes: 1e6 },
    })
    await publish(25)
    const reader = await open(origin, `cursor=${lab.log.epoch}-5`)
    await reader.until(({ texts }) => texts.length === 10)
    expect(reader.gaps).toEqual([{ after: 0, gap: { reason: 'trimmed', from: 6, to: 15, lost: 10 } }])
    expect(seqs(reader)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
    await publish(1)
    await reader.until(({ texts }) => texts.length === 11)
    expect(reader.gaps).toHaveLength(1)
  })

  it('moves the place with a gap, so that a reader that leaves right after it does not get it again', async () => {
    const { origin, publish, lab } = await start({
      window: { keepEvents: 10, keepSeconds: 0.05, keepBytes: 1e6 },
    })
    await publish(25)
    await new Promise(resolve => setTimeout(resolve, 80))
    const first = await open(origin, `cursor=${lab.log.epoch}-5`)
    await first.until(({ gaps }) => gaps.length === 1)
    expect(first.gaps[0]?.gap).toEqual({ reason: 'trimmed', from: 6, to: 25, lost: 20 })
    await first.leave()
    const second = await open(origin, `cursor=${first.place}`)
    await publish(1)
    await second.until(({ texts }) => texts.length === 1)
    expect(second.gaps).toEqual([])
  })

  it('declares an epoch gap for a cursor of another epoch, then delivers all that is kept', async () => {
    const { origin, publish } = await start()
    await publish(3)
    const reader = await open(origin, 'cursor=aaaaaaaaaa-7')
    await reader.until(({ texts }) => texts.length === 3)
    expect(reader.gaps).toEqual([{ after: 0, gap: { reason: 'epoch', lost: null } }])
    expect(seqs(reader)).toEqual([1, 2, 3])
  })

  it('declares a gap for a cursor that is ahead, then continues live', async () => {
    const { origin, publish, lab } = await start()
    await publish(3)
    const reader = await open(origin, `cursor=${lab.log.epoch}-4`)
    await reader.until(({ gaps }) => gaps.length === 1)
    await publish(1)
    await reader.until(({ texts }) => texts.length === 1)
    expect(reader.gaps).toEqual([{ after: 0, gap: { reason: 'ahead', lost: null } }])
    expect(seqs(reader)).toEqual([4])
  })

  it.each([
    '',
    'abc',
    'k3f9x2ab7q-',
    'k3f9x2ab7q--5',
    'k3f9x2ab7q-05',
    'k3f9x2ab7q-1e3',
    'K3F9X2AB7Q-1',
    'NOW',
    '%00',
    '%zz',
  ])('refuses the cursor "%s" with 400', async cursor => {
    const { origin } = await start()
    const answer = await refusal(technique, origin, `cursor=${cursor}`)
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad-cursor' } })
  })

  it('refuses sequence numbers beyond 2^53 - 1, and two cursors at once', async () => {
    const { origin } = await start()
    for (const query of ['cursor=k3f9x2ab7q-9007199254740992', 'cursor=now&cursor=now']) {
      const answer = await refusal(technique, origin, query)
      expect(answer).toMatchObject({ status: 400, body: { code: 'bad-cursor' } })
    }
  })

  it('names the known keys if another is used, and refuses a bad name', async () => {
    const { origin } = await start()
    const answer = await refusal(technique, origin, 'cursour=now')
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad-query' } })
    expect(answer.body.error).toMatch(/cursor, client/)
    expect(await refusal(technique, origin, 'client=Nobody')).toMatchObject({ status: 400 })
  })

  it('answers HEAD without a body, and other methods with 405 and Allow', async () => {
    const { origin } = await start()
    const head = await fetch(`${origin}${endpoint}`, {
      method: 'HEAD',
      signal: AbortSignal.timeout(2000),
    })
    expect(await head.text()).toBe('')
    const put = await fetch(`${origin}${endpoint}`, { method: 'PUT' })
    expect(put.status).toBe(405)
    expect(put.headers.get('allow')).toMatch(/GET/)
  })

  it('leaves no follower and no socket behind', async () => {
    const { origin, lab, publish } = await start()
    const readers = await Promise.all(Array.from({ length: 20 }, () => open(origin)))
    await publish(1)
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 1)))
    expect(lab.meter.read().techniques[technique].connections).toBe(20)
    await expect.poll(() => lab.techniques[technique].readers).toBe(asksAtIntervals(technique) ? 0 : 20)
    await Promise.all(readers.map(reader => reader.leave()))
    await expect.poll(() => lab.techniques[technique].readers).toBe(0)
    await expect.poll(() => lab.meter.sockets(technique).length).toBe(0)
  })

  it('counts every byte, for all readers and for the one with a name', async () => {
    const { origin, lab, publish } = await start()
    const reader = await open(origin, 'client=abcd1234')
    const other = await open(origin)
    await publish(10)
    await Promise.all([reader, other].map(each => each.until(({ texts }) => texts.length === 10)))
    await reader.leave()
    await other.leave()
    await expect.poll(() => lab.meter.sockets(technique).length).toBe(0)
    const { techniques, other: others } = lab.meter.read()
    const all = techniques[technique]
    expect(all.bytesIn).toBe(reader.bytes.sent + other.bytes.sent)
    expect(bytesOut(all)).toBe(reader.bytes.received + other.bytes.received)
    expect(all.deliveries).toBe(20)
    expect(all.payloadBytesOut).toBe(
      [...reader.texts, ...other.texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    )
    expect(bytesOut(others)).toBe(0)
    expect(bytesOut(lab.meter.readClient('abcd1234')[technique])).toBe(reader.bytes.received)
  })

  it('is cut by a kill, and a reader that returns has missed nothing', async () => {
    const { origin, publish } = await start()
    const first = await open(origin)
    await publish(3)
    await first.until(({ texts }) => texts.length === 3)
    const killed = await command(origin, '/api/kill', { technique })
    expect(await killed.json()).toEqual({ cut: 1 })
    await first.until(({ ended }) => ended)
    expect(first.controls).not.toContain('bye')
    await publish(3)
    const second = await open(origin, `cursor=${first.place}`)
    await second.until(({ texts }) => texts.length === 3)
    expect(seqs(second)).toEqual([4, 5, 6])
  })

  it('delivers the same by the link, where the page may read even the refusals', async () => {
    const { origin, linkOrigin, publish } = await start()
    const reader = await open(linkOrigin)
    await publish(3)
    await reader.until(({ texts }) => texts.length === 3)
    const refused = await fetch(`${linkOrigin}${endpoint}?cursor=x`, {
      headers: { origin },
    })
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin)
    expect(refused.headers.get('access-control-expose-headers')).toBe('ETag, Retry-After')
    const foreign = await fetch(`${linkOrigin}${endpoint}?cursor=x`, {
      headers: { origin: 'http://evil.example' },
    })
    expect(foreign.status).toBe(403)
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
    expect((await fetch(`${linkOrigin}/api/health`)).status).toBe(404)
  })

  it('delivers what one reader says to every reader', async () => {
    const { origin } = await start()
    const reader = await open(origin)
    const said = await command(origin, '/say', 'good morning')
    expect(said.status).toBe(201)
    await reader.until(({ texts }) => texts.length === 1)
    const [event] = reader.texts.map(text => JSON.parse(text))
    expect(event).toMatchObject({ type: 'say', data: 'good morning' })
    expect(await said.json()).toEqual({ said: reader.place })
  })

  it('is closed within the grace when the lab closes, a stream with a bye', async () => {
    const { origin, lab, stop } = await start()
    const reader = await open(origin)
    await expect.poll(() => lab.techniques[technique].readers).toBe(asksAtIntervals(technique) ? 0 : 1)
    const closedAt = performance.now()
    await stop()
    started = null
    expect(performance.now() - closedAt).toBeLessThan(5000)
    await reader.until(({ ended }) => ended)
    expect(reader.controls).toEqual(isStream(technique) ? ['hello', 'bye'] : [])
  })

  it('tells a client to come back later in the way that its traits state', async () => {
    const { origin } = await start({ limits: { connections: 1, perAddress: null } })
    const occupant = await open(origin)
    if (laterBy === 'bye') {
      const reader = await open(origin)
      await reader.until(({ ended }) => ended)
      expect(reader.controls).toEqual(['bye'])
    } else {
      expect(await refusal(technique, origin, '')).toMatchObject({ status: 503, body: { code: 'full' } })
    }
    expect(occupant.ended).toBe(false)
  })
})

describe('all techniques at once', () => {
  it('deliver the same thousand texts', async () => {
    const { origin, publish, stop } = await startLab()
    const readers = await Promise.all(TECHNIQUES.map(technique => openReader(technique, origin)))
    await publish(1000, n => ({ n, place: `${n} km SSW of Ōfunato` }))
    await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length >= 1000)))
    const [first, ...others] = readers
    expect(first?.texts).toHaveLength(1000)
    for (const other of others) expect(other.texts).toEqual(first?.texts)
    await Promise.all(readers.map(reader => reader.leave()))
    await stop()
  })
})

function seqs(reader: WireReader): number[] {
  return reader.texts.map(text => JSON.parse(text).seq)
}

function bytesOut(traffic: {
  payloadBytesOut: number
  headerBytesOut: number
  framingBytesOut: number
}): number {
  return traffic.payloadBytesOut + traffic.headerBytesOut + traffic.framingBytesOut
}

function command(origin: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** The refusal of an endpoint; for a WebSocket, the one before the upgrade. */
async function refusal(technique: Technique, origin: string, query: string): Promise<RefusalAnswer> {
  const { endpoint, upgrades } = traitsOf(technique)
  const url = `${origin}${endpoint}?${query}`
  if (upgrades) return upgradeRefusal(url.replace('http', 'ws'))
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as RefusalBody }
}

interface RefusalAnswer {
  readonly status: number
  readonly body: RefusalBody
}

function upgradeRefusal(url: string): Promise<RefusalAnswer> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    socket.once('open', () => reject(new Error('was let in')))
    socket.on('error', () => {})
    socket.once('unexpected-response', async (_request, response) => {
      const body = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(body) })
    })
  })
}
