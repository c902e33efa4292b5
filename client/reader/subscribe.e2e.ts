import { afterEach, describe, expect, it } from 'vitest'
import { nodeEnvironment } from '../../bench/faults/node-environment.ts'
import { asksAtIntervals, isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { Cursor } from '../../server/protocol/wire.ts'
import { type StartedLab, type StartOptions, startLab } from '../../server/testing/start-lab.ts'
import { type SubscribeOptions, type Subscription, subscribe } from './subscribe.ts'
import { openFaultyLink } from './testing/faulty-link.ts'

const EVENTS = 200
const KILLS = 3
/** The server's times at a fraction of the real ones. */
const SERVER = { graceMs: 20, retryMs: { least: 20, most: 60 } }

/** The reader against the real server, over real sockets: one table for all techniques. */
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

  /** A reader with short delays, and what it was handed. */
  function read(origin: string, options: Partial<SubscribeOptions> = {}) {
    const seqs: number[] = []
    const gaps: string[] = []
    const cursors: Cursor[] = []
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

  /** The cursor, or any place at all. */
  async function reaches(reader: Subscription, cursor?: Cursor): Promise<void> {
    const expected = cursor ?? { epoch: expect.any(String), seq: expect.any(Number) }
    await expect.poll(() => reader.place, { timeout: 15_000 }).toEqual(expected)
  }

  it(`receives ${EVENTS} events in order, each exactly once`, async () => {
    const { origin, publish } = await start()
    const { reader, seqs, cursors } = read(origin)
    await reaches(reader)
    const top = await publish(EVENTS)
    await reaches(reader, top)
    expect(seqs).toEqual(oneTo(EVENTS))
    expect(cursors.at(-1)).toEqual(top)
    expect(reader.audit).toMatchObject({
      received: EVENTS,
      repeated: 0,
      missing: 0,
      undeclaredGaps: 0,
      gaps: 0,
    })
  })

  it('begins with the earliest event and reads more than one batch, with nothing lost in between', async () => {
    const { origin, publish } = await start()
    await publish(1200)
    const { reader, seqs } = read(origin, { from: 'earliest' })
    const top = await publish(10)
    await reaches(reader, top)
    expect(seqs).toEqual(oneTo(1210))
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('catches up after every connection was reset, again and again', async () => {
    const { origin, publish } = await start()
    const { reader, seqs } = read(origin)
    await reaches(reader)
    for (let kill = 0; kill < KILLS; kill += 1) {
      await publish(5)
      const killed = await fetch(`${origin}/api/kill`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: '{}',
      })
      expect(killed.status).toBe(200)
      await reaches(reader, await publish(5))
    }
    expect(seqs).toEqual(oneTo(KILLS * 10))
    expect(reader.audit).toMatchObject({ missing: 0, undeclaredGaps: 0, gaps: 0 })
    if (!asksAtIntervals(technique)) expect(reader.audit.requests).toBeGreaterThan(KILLS)
  })

  it('leaves, returns with its cursor, and misses nothing', async () => {
    const { origin, publish } = await start()
    const first = read(origin)
    await reaches(first.reader)
    await reaches(first.reader, await publish(5))
    first.reader.close()
    await publish(20)
    const second = read(origin, { from: first.cursors.at(-1) ?? 'now' })
    await reaches(second.reader, await publish(5))
    expect([...first.seqs, ...second.seqs]).toEqual(oneTo(30))
  })

  it('is told of what was trimmed while it was away, and goes on after it', async () => {
    const { origin, publish } = await start({
      window: { keepEvents: 10, keepSeconds: 120, keepBytes: 1_000_000 },
    })
    const { epoch } = await publish(5)
    await publish(95)
    const { reader, seqs, gaps } = read(origin, { from: { epoch, seq: 5 } })
    await reaches(reader, { epoch, seq: 100 })
    expect(seqs).toEqual(oneTo(100).slice(-10))
    expect(gaps).toEqual(['trimmed'])
    expect(reader.audit).toMatchObject({ received: 10, missing: 85, gaps: 1, undeclaredGaps: 0 })
  })

  it('is told when the log is another', async () => {
    const { origin, publish } = await start()
    const top = await publish(3)
    const { reader, seqs, gaps } = read(origin, { from: 'aaaaaaaaaa-77' })
    await reaches(reader, top)
    expect(seqs).toEqual([1, 2, 3])
    expect(gaps).toEqual(['epoch'])
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('is told when it is ahead, and goes on live', async () => {
    const { origin, publish } = await start()
    const { epoch } = await publish(3)
    const { reader, seqs, gaps } = read(origin, { from: { epoch, seq: 77 } })
    await expect.poll(() => gaps).toEqual(['ahead'])
    await reaches(reader, await publish(1))
    expect(seqs).toEqual([4])
    expect(reader.audit.undeclaredGaps).toBe(0)
  })

  it('says something, and reads it itself', async () => {
    const { origin } = await start()
    const said: unknown[] = []
    const { reader } = read(origin, {
      onEvent: ({ event, cursor }) => said.push([cursor, event.type, event.data]),
    })
    await reaches(reader)
    if (isStream(technique)) await expect.poll(() => reader.state.name).toBe('open')
    const cursor = await reader.say({ text: 'grüezi' })
    await reaches(reader, cursor)
    expect(said).toEqual([[cursor, 'say', { text: 'grüezi' }]])
  })

  it('is counted by its name when it says something', async () => {
    const { origin } = await start({ policy: { ...SERVER, sayBurst: 1, sayPerSecond: 0.001 } })
    const [one, two] = [read(origin, { clientName: 'reader01' }), read(origin, { clientName: 'reader02' })]
    for (const { reader } of [one, two]) {
      await reaches(reader)
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
    await reaches(reader)
    await reaches(reader, await lab.publish(3))
    await lab.stop()
    lab = await startLab({ policy: SERVER, allowHosts: [link.host] })
    started = lab
    await reaches(reader, await lab.publish(2))
    await link.close()
    expect(seqs).toEqual([1, 2, 3, 1, 2])
    expect(gaps).toEqual(['epoch'])
    expect(reader.audit).toMatchObject({ received: 5, missing: 0, undeclaredGaps: 0, gaps: 1 })
  })

  it('leaves no reader behind on the server', async () => {
    const { origin, lab } = await start()
    const { reader } = read(origin)
    await reaches(reader)
    reader.close()
    await expect.poll(() => lab.techniques[technique].readers, { timeout: 5000 }).toBe(0)
  })
})

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
