import { afterEach, describe, expect, it } from 'vitest'
import { nodeEnvironment } from '../../bench/faults/node-environment.ts'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { formatCursor } from '../../server/protocol/wire.ts'
import { type StartedLab, type StartOptions, startLab } from '../../server/testing/start-lab.ts'
import { type SubscribeOptions, type Subscription, subscribe } from './subscribe.ts'
import { openFaultyLink } from './testing/faulty-link.ts'

const EVENTS = 200
const KILLS = 3
/** The server's patience at a fraction of real time. */
const SERVER = { graceMs: 20, retryMs: { least: 20, most: 60 } }

/** The reader against the real server, over real sockets: one table for all four. */
describe.each(TECHNIQUES)('%s', technique => {
  const readers: Subscription[] = []
  let started: StartedLab | null = null

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close()
    await started?.stop()
    started = null
  })

  async function start(options?: StartOptions): Promise<StartedLab> {
    started = await startLab({ policy: SERVER, ...options })
    return started
  }

  /** A reader in a hurry, and what it was handed. */
  function read(origin: string, options: Partial<SubscribeOptions> = {}) {
    const seqs: number[] = []
    const gaps: string[] = []
    const cursors: string[] = []
    const reader = subscribe({
      technique,
      origin,
      environment: nodeEnvironment(),
      pollIntervalMs: 20,
      policy: { baseMs: 100, leastMs: 10 },
      onEvent: ({ event, cursor }) => {
        seqs.push(event.seq)
        cursors.push(cursor)
      },
      onGap: gap => gaps.push(gap.reason),
      ...options,
    })
    readers.push(reader)
    return { reader, seqs, gaps, cursors }
  }

  async function placeOf(reader: Subscription, cursor?: string): Promise<void> {
    await expect.poll(() => reader.place, { timeout: 15_000 }).toEqual(cursor ?? expect.any(String))
  }

  it(`receives ${EVENTS} events in order, each exactly once`, async () => {
    const { origin, publish } = await start()
    const { reader, seqs, cursors } = read(origin)
    await placeOf(reader)
    const top = formatCursor(await publish(EVENTS))
    await placeOf(reader, top)
    expect(seqs).toEqual(oneTo(EVENTS))
    expect(cursors.at(-1)).toBe(top)
    expect(reader.audit).toMatchObject({
      received: EVENTS,
      repeated: 0,
      missing: 0,
      undeclaredGaps: 0,
      gaps: 0,
    })
  })

  it('begins with the earliest and reads more than one batch without a seam', async () => {
    const { origin, publish } = await start()
    await publish(1200)
    const { reader, seqs } = read(origin, { from: 'earliest' })
    const top = formatCursor(await publish(10))
    await placeOf(reader, top)
    expect(seqs).toEqual(oneTo(1210))
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('catches up after every connection was reset, again and again', async () => {
    const { origin, publish } = await start()
    const { reader, seqs } = read(origin)
    await placeOf(reader)
    for (let kill = 0; kill < KILLS; kill += 1) {
      await publish(5)
      const killed = await fetch(`${origin}/api/kill`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: '{}',
      })
      expect(killed.status).toBe(200)
      await placeOf(reader, formatCursor(await publish(5)))
    }
    expect(seqs).toEqual(oneTo(KILLS * 10))
    expect(reader.audit).toMatchObject({ missing: 0, undeclaredGaps: 0, gaps: 0 })
    if (technique !== 'poll') expect(reader.audit.asks).toBeGreaterThan(KILLS)
  })

  it('leaves, returns with its cursor, and misses nothing', async () => {
    const { origin, publish } = await start()
    const first = read(origin)
    await placeOf(first.reader)
    await placeOf(first.reader, formatCursor(await publish(5)))
    first.reader.close()
    await publish(20)
    const second = read(origin, { from: first.cursors.at(-1) ?? '' })
    await placeOf(second.reader, formatCursor(await publish(5)))
    expect([...first.seqs, ...second.seqs]).toEqual(oneTo(30))
  })

  it('is told of what was trimmed while it was away, and goes on behind it', async () => {
    const { origin, publish } = await start({
      window: { keepEvents: 10, keepSeconds: 120, keepBytes: 1_000_000 },
    })
    const { epoch } = await publish(5)
    await publish(95)
    const { reader, seqs, gaps } = read(origin, { from: `${epoch}-5` })
    await placeOf(reader, `${epoch}-100`)
    expect(seqs).toEqual(oneTo(100).slice(-10))
    expect(gaps).toEqual(['trimmed'])
    expect(reader.audit).toMatchObject({ received: 10, missing: 85, gaps: 1, undeclaredGaps: 0 })
  })

  it('is told when the log is another one', async () => {
    const { origin, publish } = await start()
    const top = await publish(3)
    const { reader, seqs, gaps } = read(origin, { from: 'aaaaaaaaaa-77' })
    await placeOf(reader, formatCursor(top))
    expect(seqs).toEqual([1, 2, 3])
    expect(gaps).toEqual(['epoch'])
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('is told when it is ahead, and goes on live', async () => {
    const { origin, publish } = await start()
    const { epoch } = await publish(3)
    const { reader, seqs, gaps } = read(origin, { from: `${epoch}-77` })
    await expect.poll(() => gaps).toEqual(['ahead'])
    await placeOf(reader, formatCursor(await publish(1)))
    expect(seqs).toEqual([4])
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('says something, and reads it itself', async () => {
    const { origin } = await start()
    const said: unknown[] = []
    const { reader } = read(origin, {
      onEvent: ({ event, cursor }) => said.push([cursor, event.type, event.data]),
    })
    await placeOf(reader)
    if (technique === 'websocket') await expect.poll(() => reader.state.name).toBe('open')
    const cursor = await reader.say({ text: 'grüezi' })
    await placeOf(reader, cursor)
    expect(said).toEqual([[cursor, 'say', { text: 'grüezi' }]])
  })

  it('is counted by its name when it says something', async () => {
    const { origin } = await start({ policy: { ...SERVER, sayBurst: 1, sayPerSecond: 0.001 } })
    const [one, two] = [read(origin, { clientName: 'reader01' }), read(origin, { clientName: 'reader02' })]
    for (const { reader } of [one, two]) {
      await placeOf(reader)
      await reader.say('mine')
    }
    await expect(one.reader.say('too much')).rejects.toThrow()
  })

  it('outlives the server, and is told that its log is gone', async () => {
    let lab = await startLab({ policy: SERVER })
    const link = await openFaultyLink(() => Number(new URL(lab.origin).port))
    await lab.stop()
    lab = await startLab({ policy: SERVER, allowHosts: [link.host] })
    const { reader, seqs, gaps } = read(link.origin)
    await placeOf(reader)
    await placeOf(reader, formatCursor(await lab.publish(3)))
    await lab.stop()
    lab = await startLab({ policy: SERVER, allowHosts: [link.host] })
    started = lab
    await placeOf(reader, formatCursor(await lab.publish(2)))
    await link.close()
    expect(seqs).toEqual([1, 2, 3, 1, 2])
    expect(gaps).toEqual(['epoch'])
    expect(reader.audit).toMatchObject({ received: 5, missing: 0, undeclaredGaps: 0, gaps: 1 })
  })

  it('leaves no reader behind on the server', async () => {
    const { origin, lab } = await start()
    const { reader } = read(origin)
    await placeOf(reader)
    reader.close()
    await expect.poll(() => lab.techniques[technique].readers, { timeout: 5000 }).toBe(0)
  })
})

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
