import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { createEventLog, type EventLog } from '../event-log.ts'
import { PUBLISH_CHANNEL, type PublishMessage } from '../protocol.ts'
import { QUIET } from '../start-lab.ts'
import { createSource, type Source, type SourceOptions } from './index.ts'
import { pace } from './pacer.ts'
import { replayFeed, shippedRecord } from './replay.ts'
import { syntheticFeed } from './synthetic.ts'

const clock = systemClock()
const folder = mkdtempSync(join(tmpdir(), 'push-lab-'))
const running: (() => void)[] = []

afterEach(() => {
  for (const stop of running.splice(0)) stop()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the pacer', () => {
  it('publishes on an absolute schedule, and never before the instant that was meant', async () => {
    const published: { at: number; now: number }[] = []
    running.push(
      pace(
        clock,
        () => 3.3,
        at => published.push({ at, now: clock.epochMs() }),
      ),
    )
    await expect.poll(() => published.length).toBeGreaterThan(50)
    for (const { at, now } of published) expect(now).toBeGreaterThanOrEqual(at)
    const steps = published.slice(1).map(({ at }, index) => at - (published[index]?.at ?? 0))
    for (const step of steps) expect(Math.abs(step - 3.3)).toBeLessThan(0.002)
  })

  it('tells whoever listens how late each publish was', async () => {
    const slipsMs: number[] = []
    const latenessMs: number[] = []
    const listen = (message: unknown) => slipsMs.push((message as PublishMessage).slipMs)
    subscribe(PUBLISH_CHANNEL, listen)
    running.push(
      () => unsubscribe(PUBLISH_CHANNEL, listen),
      pace(
        clock,
        () => 4,
        at => latenessMs.push(clock.epochMs() - at),
      ),
    )
    await expect.poll(() => slipsMs.length).toBeGreaterThan(3)
    const until = performance.now() + 60
    while (performance.now() < until);
    await expect.poll(() => Math.max(...slipsMs)).toBeGreaterThan(40)
    for (const [index, slipMs] of slipsMs.entries()) {
      expect(slipMs).toBeGreaterThanOrEqual(0)
      expect(slipMs).toBeLessThanOrEqual(latenessMs[index] ?? 0)
    }
  })

  it('makes up for a turn that took long, each event at the instant that was meant for it', async () => {
    const published: number[] = []
    running.push(
      pace(
        clock,
        () => 2,
        at => published.push(at),
      ),
    )
    await expect.poll(() => published.length).toBeGreaterThan(3)
    const before = published.length
    const until = performance.now() + 60
    while (performance.now() < until);
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(published.length - before).toBeGreaterThanOrEqual(30)
    const span = (published.at(-1) ?? 0) - (published[0] ?? 0)
    expect(Math.abs(span / (published.length - 1) - 2)).toBeLessThan(0.002)
  })
})

describe('the synthetic feed', () => {
  it.each([1, 2, 3, 128, 65_536])('makes data of exactly %i bytes', payloadBytes => {
    const { data } = syntheticFeed(() => payloadBytes)()
    expect(Buffer.byteLength(JSON.stringify(data))).toBe(payloadBytes)
  })
})

describe('the replay feed', () => {
  it('ships a real week: 1,707 events in time order', () => {
    const feed = replayFeed(shippedRecord())
    const drafts = Array.from({ length: 1707 }, feed)
    expect(new Set(drafts.map(({ type }) => type))).toEqual(
      new Set(['earthquake', 'quarry-blast', 'explosion']),
    )
    expect(drafts.every(({ afterMs }) => afterMs >= 0)).toBe(true)
    expect(drafts.reduce((sum, { afterMs }) => sum + afterMs, 0)).toBeGreaterThan(6.5 * 86_400_000)
    expect(feed().data).toEqual(drafts[0]?.data)
  })

  it.each([
    ['missing.ndjson', null, /Cannot read .*missing\.ndjson \(ENOENT\)/],
    ['empty.ndjson', '\n', /holds no event/],
    ['json.ndjson', '{"time":1,"type":"a","data":1}\n{"time":', /json\.ndjson, line 2: .*not JSON/],
    ['null.ndjson', 'null', /line 1/],
    ['keys.ndjson', '{"time":1,"type":"a"}', /line 1/],
    ['order.ndjson', '{"time":2,"type":"a","data":1}\n{"time":1,"type":"a","data":1}', /line 2: sort/],
    ['type.ndjson', '\n\n{"time":2,"type":"Quake","data":1}', /line 3: choose another type/],
    ['reserved.ndjson', '{"time":2,"type":"gap","data":1}', /line 1: choose another type/],
    ['large.ndjson', `{"time":2,"type":"a","data":"${'x'.repeat(65_535)}"}`, /line 1: data/],
  ])('says of %s what to mend, and where', (name, text, sentence) => {
    const file = join(folder, name)
    if (text !== null) writeFileSync(file, text)
    expect(() => replayFeed(file)).toThrow(sentence)
  })

  it('does not run away with a record of one instant', async () => {
    const file = join(folder, 'instant.ndjson')
    writeFileSync(file, '{"time":5,"type":"a","data":1}\n{"time":5,"type":"a","data":2}\n')
    const { log } = open({ kind: 'replay', file, timing: 'recorded', rate: 1, speed: 600 })
    await new Promise(resolve => setTimeout(resolve, 150))
    expect(log.top).toBeGreaterThanOrEqual(2)
    expect(log.top).toBeLessThanOrEqual(6)
  })
})

describe('the source', () => {
  it('is repeatable by its seed', async () => {
    const [one, two, other] = [open({ seed: 7 }), open({ seed: 7 }), open({ seed: 8 })]
    for (const { source } of [one, two, other])
      source.change({ kind: 'synthetic', timing: 'poisson', rate: 2000 })
    await expect.poll(() => Math.min(one.log.top, two.log.top, other.log.top)).toBeGreaterThan(50)
    expect(steps(one.log)).toEqual(steps(two.log))
    expect(steps(one.log)).not.toEqual(steps(other.log))
  })

  it('draws Poisson intervals whose mean is that of the rate', async () => {
    const { log, source } = open()
    source.change({ kind: 'synthetic', timing: 'poisson', rate: 5000 })
    await expect.poll(() => log.top, { timeout: 5000 }).toBeGreaterThan(4000)
    const all = steps(log, 4000)
    const mean = all.reduce((sum, step) => sum + step, 0) / all.length
    // Four standard errors of 4,000 exponential draws.
    expect(Math.abs(mean - 0.2) / 0.2).toBeLessThan(0.063)
  })

  it('changes at once, pauses at rate 0, and goes back to how it was started', async () => {
    const { log, source } = open({ kind: 'synthetic', rate: 0 })
    source.change({ rate: 500, payloadBytes: 10 })
    await expect.poll(() => log.top).toBeGreaterThan(3)
    source.change({ rate: 0 })
    const top = log.top
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(log.top).toBe(top)
    source.reset()
    expect(source.settings).toEqual({ kind: 'synthetic', rate: 0, timing: 'fixed', payloadBytes: 64 })
  })

  it('refuses settings that do not go together, and changes nothing then', () => {
    const { source } = open({ kind: 'synthetic' })
    expect(() => source.change({ timing: 'recorded' })).toThrow(/only the replay source/)
    expect(() => source.change({ kind: 'stdin' })).toThrow(/when the server starts/)
    expect(source.settings).toMatchObject({ kind: 'synthetic', timing: 'fixed' })
  })

  it('gives the events of a burst one instant', async () => {
    const { log, source } = open({ kind: 'replay' })
    await source.burst(100)
    expect(log.top).toBe(100)
    expect(new Set(steps(log, 99))).toEqual(new Set([0]))
  })

  it('publishes the lines of stdin, skips what is not JSON, and says so once', async () => {
    const stdin = new PassThrough()
    const complaints: string[] = []
    const { log } = open({ kind: 'stdin', stdin, complain: sentence => complaints.push(sentence) })
    stdin.end('{"a":1}\nnonsense\n\n[2]\n{"b":\n"three"')
    await expect.poll(() => complaints.length).toBe(2)
    expect(texts(log)).toEqual([{ a: 1 }, [2], 'three'])
    expect(complaints[0]).toMatch(/line 2: skipped, it is not JSON/)
    expect(complaints[1]).toBe('stdin: 2 of 6 lines were skipped.')
  })
})

function open(options: Partial<SourceOptions> = {}): { log: EventLog; source: Source } {
  const log = createEventLog({ keepEvents: 100_000, keepSeconds: 100, keepBytes: 1e8 }, clock)
  const source = createSource(log, clock, { ...QUIET, ...options })
  running.push(source.close)
  return { log, source }
}

function events(log: EventLog): { at: number; data: unknown }[] {
  const all = log.since({ epoch: log.epoch, seq: 0 }, { maxEvents: 1e9, maxBytes: 1e9, overheadBytes: 0 })
  return all.entries.map(({ text }) => JSON.parse(text))
}

function texts(log: EventLog): unknown[] {
  return events(log).map(({ data }) => data)
}

/** Milliseconds between the instants of the first events. */
function steps(log: EventLog, count = 40): number[] {
  const ats = events(log).map(({ at }) => at)
  return ats.slice(1, count + 1).map((at, index) => Math.round((at - (ats[index] ?? 0)) * 1000) / 1000)
}
