import { execFileSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { createEventLog, type EventLog } from '../log/event-log.ts'
import { PUBLISH_CHANNEL, type PublishMessage } from '../protocol/api.ts'
import { Refusal } from '../refusal.ts'
import { QUIET } from '../testing/start-lab.ts'
import { SourceError } from './feed.ts'
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
  it('publishes on an absolute schedule, and never before the intended instant', async () => {
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

  it('sends the lateness of each publish to its channel', async () => {
    const scheduleLagsMs: number[] = []
    const latenessMs: number[] = []
    const listen = (message: unknown) => scheduleLagsMs.push((message as PublishMessage).scheduleLagMs)
    subscribe(PUBLISH_CHANNEL, listen)
    running.push(
      () => unsubscribe(PUBLISH_CHANNEL, listen),
      pace(
        clock,
        () => 4,
        at => latenessMs.push(clock.epochMs() - at),
      ),
    )
    await expect.poll(() => scheduleLagsMs.length).toBeGreaterThan(3)
    const until = performance.now() + 60
    while (performance.now() < until);
    await expect.poll(() => Math.max(...scheduleLagsMs)).toBeGreaterThan(40)
    for (const [index, scheduleLagMs] of scheduleLagsMs.entries()) {
      expect(scheduleLagMs).toBeGreaterThanOrEqual(0)
      expect(scheduleLagMs).toBeLessThanOrEqual(latenessMs[index] ?? 0)
    }
  })

  it('catches up after a long turn, with each event at its intended instant', async () => {
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
    ['empty.ndjson', '\n', /has no events/],
    ['json.ndjson', '{"time":1,"type":"a","data":1}\n{"time":', /json\.ndjson, line 2: .*not JSON/],
    ['null.ndjson', 'null', /line 1/],
    ['keys.ndjson', '{"time":1,"type":"a"}', /line 1/],
    ['order.ndjson', '{"time":2,"type":"a","data":1}\n{"time":1,"type":"a","data":1}', /line 2: sort/],
    ['type.ndjson', '\n\n{"time":2,"type":"Quake","data":1}', /line 3: choose another type/],
    ['reserved.ndjson', '{"time":2,"type":"gap","data":1}', /line 1: choose another type/],
    [
      'large.ndjson',
      `{"time":2,"type":"a","data":"${'x'.repeat(65_535)}"}`,
      /line 1: data is refused\. Send at most 65536/,
    ],
  ])('names the line of %s that is wrong, and what to do', (name, text, sentence) => {
    const file = join(folder, name)
    if (text !== null) writeFileSync(file, text)
    expect(() => replayFeed(file)).toThrow(sentence)
  })

  it.each([
    ['the mark of a Windows editor', '\ufeff{"time":1,"type":"a","data":1}\r\n'],
    ['blank lines around', '\n\n{"time":1,"type":"a","data":1}\n \n'],
  ])('reads a record with %s', (_what, text) => {
    const file = join(folder, 'odd.ndjson')
    writeFileSync(file, text)
    expect(replayFeed(file)()).toMatchObject({ type: 'a', data: 1 })
  })

  it.each([
    ['UTF-16', Buffer.from('\ufeff{"time":1}', 'utf16le'), /is UTF-16.*make it UTF-8/],
    ['big-endian UTF-16', Buffer.from('\ufeff{"time":1}', 'utf16le').swap16(), /is UTF-16/],
    ['Latin-1', Buffer.from('{"time":1,"type":"a","data":"\xe9"}', 'latin1'), /is not UTF-8/],
    ['a time beyond numbers', Buffer.from('{"time":1e999,"type":"a","data":1}'), /line 1: Send numbers/],
    ['a line of many MB', Buffer.alloc(20_000_000, 'x'), /line 1: .*not JSON/],
  ])('says what is wrong with a record that has %s', (_what, bytes, sentence) => {
    const file = join(folder, 'wrong.ndjson')
    writeFileSync(file, bytes)
    expect(() => replayFeed(file)).toThrow(sentence)
    expect(() => replayFeed(file)).toThrow(SourceError)
  })

  it.skipIf(process.platform === 'win32')('refuses folders, pipes and devices', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const file of [folder, pipe, '/dev/zero'])
      expect(() => replayFeed(file)).toThrow(/is not a regular file: name one/)
    const large = join(folder, 'too-large.ndjson')
    writeFileSync(large, '')
    truncateSync(large, 2 ** 33)
    expect(() => replayFeed(large)).toThrow(/too large/)
  })

  it('does not loop for ever over a record of one instant', async () => {
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

  it('changes at once, pauses at rate 0, and resets to its settings at the start', async () => {
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

  it('refuses settings that do not fit together, and then changes nothing', () => {
    const { source } = open({ kind: 'synthetic' })
    expect(() => source.change({ timing: 'recorded' })).toThrow(/only the replay source/)
    expect(() => source.change({ kind: 'stdin' })).toThrow(/Start the server with or without --source stdin/)
    expect(source.settings).toMatchObject({ kind: 'synthetic', timing: 'fixed' })
  })

  it('refuses a record that it cannot read while it runs, without an internal error', () => {
    const { source } = open({ kind: 'synthetic', file: join(folder, 'gone.ndjson') })
    expect(() => source.change({ kind: 'replay' })).toThrow(Refusal)
    expect(source.settings.kind).toBe('synthetic')
  })

  it.each([1e-9, 5e-324])('waits at %d events per second, longer than a timer can', async rate => {
    const { log, source } = open({ kind: 'synthetic', timing: 'fixed', rate })
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(log.top).toBe(0)
    source.change({ rate: 1000 })
    await expect.poll(() => log.top).toBeGreaterThan(0)
  })

  it('waits between two events of a record that are centuries apart', async () => {
    const file = join(folder, 'centuries.ndjson')
    writeFileSync(file, '{"time":0,"type":"a","data":1}\n{"time":1e16,"type":"a","data":2}\n')
    const { log } = open({ kind: 'replay', file, timing: 'recorded', rate: 1, speed: 1 })
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(log.top).toBe(1)
  })

  it('gives all events of a burst the same instant', async () => {
    const { log, source } = open({ kind: 'replay' })
    await source.burst(100)
    expect(log.top).toBe(100)
    expect(new Set(steps(log, 99))).toEqual(new Set([0]))
  })

  it('publishes the lines of stdin, and reports those that are not JSON once', async () => {
    const stdin = new PassThrough()
    const complaints: string[] = []
    const { log } = open({ kind: 'stdin', rate: 1, stdin, complain: sentence => complaints.push(sentence) })
    stdin.end('{"a":1}\nnonsense\n\n[2]\n{"b":\n"three"')
    await expect.poll(() => complaints.length).toBe(2)
    expect(texts(log)).toEqual([{ a: 1 }, [2], 'three'])
    expect(complaints[0]).toMatch(/line 2: skipped, it is not JSON/)
    expect(complaints[1]).toBe('stdin: 2 of 6 lines were skipped.')
  })
})

describe('stdin as the source', () => {
  it('skips a line without an end, keeps none of it, and goes on after it', async () => {
    const { stdin, log, complaints } = openStdin()
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 64; count += 1) {
      if (!stdin.write(chunk)) await once(stdin, 'drain')
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
    stdin.end('\n{"n":1}\n')
    await expect.poll(() => texts(log)).toEqual([{ n: 1 }])
    expect(complaints).toEqual([
      expect.stringMatching(/^stdin, line 1: skipped, it has more than \d+ bytes\./),
    ])
  })

  it('accepts the largest data that an event may have, with each character escaped', async () => {
    const { stdin, log } = openStdin()
    stdin.end(`"${'\\u0041'.repeat(65_534)}"\n`)
    await expect.poll(() => texts(log)).toEqual(['A'.repeat(65_534)])
  })

  it('reads a line however it is cut, with LF or CRLF', async () => {
    const { stdin, log } = openStdin()
    for (const byte of Buffer.from('{"a":"ä€😀"}\r\n\r\n"b"\n"c"')) stdin.write(Buffer.from([byte]))
    stdin.end()
    await expect.poll(() => texts(log)).toEqual([{ a: 'ä€😀' }, 'b', 'c'])
  })

  it('ignores a byte order mark', async () => {
    const { stdin, log } = openStdin()
    stdin.end('\ufeff{"a":1}\n"\ufeff"\n')
    await expect.poll(() => texts(log)).toEqual([{ a: 1 }, '\ufeff'])
  })

  it.each([
    ['UTF-16', Buffer.from('\ufeff{"a":1}\r\n', 'utf16le'), /line 1: skipped, it is UTF-16/],
    ['UTF-16 without a mark', Buffer.from('{"a":1}\r\n', 'utf16le'), /line 1: skipped, it is UTF-16/],
    ['Latin-1', Buffer.from('"caf\xe9"\n', 'latin1'), /line 1: skipped, it is not UTF-8/],
    [
      'data that nests too deeply',
      Buffer.from(`${'['.repeat(65_000)}${']'.repeat(65_000)}\n`),
      /deeply|at most/,
    ],
  ])('says what is wrong with %s', async (_what, bytes, sentence) => {
    const { stdin, log, complaints } = openStdin()
    stdin.end(bytes)
    await expect.poll(() => complaints[0]).toMatch(sentence)
    expect(log.top).toBe(0)
  })

  it('pauses at rate 0, so that the writer waits, and loses nothing when it goes on', async () => {
    const { stdin, log, source } = openStdin()
    stdin.write('1\n')
    await expect.poll(() => log.top).toBe(1)
    source.change({ rate: 0 })
    expect(source.settings).toMatchObject({ kind: 'stdin', rate: 0 })
    let n = 1
    while (stdin.write(`${++n}\n`));
    for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve))
    expect(log.top).toBe(1)
    source.change({ rate: 5 })
    expect(source.settings).toMatchObject({ rate: 5 })
    await expect.poll(() => log.top).toBe(n)
    expect(texts(log)).toEqual(Array.from({ length: n }, (_, index) => index + 1))
  })

  it('starts paused with rate 0', async () => {
    const { stdin, log, source } = openStdin({ rate: 0 })
    stdin.write('1\n')
    for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve))
    expect(log.top).toBe(0)
    source.change({ rate: 1 })
    await expect.poll(() => log.top).toBe(1)
  })

  it('reports that it has ended, then has rate 0, and cannot be resumed', async () => {
    const { stdin, log, source, told } = openStdin()
    stdin.end('1\n2')
    await expect.poll(() => told).toEqual([expect.stringMatching(/^stdin has ended after 2 lines/)])
    expect(log.top).toBe(2)
    expect(source.settings.rate).toBe(0)
    expect(() => source.change({ rate: 1 })).toThrow(/its stdin has ended/)
    source.reset()
    expect(source.settings).toMatchObject({ kind: 'stdin', rate: 0 })
  })

  it.each([
    ['events', '1', 100_000],
    ['empty', '', 0],
    ['skipped', 'x', 0],
  ])('leaves turns for other work while short lines flood in: %s', async (_what, line, top) => {
    const { stdin, log, told } = openStdin()
    const looked: number[] = []
    stdin.end(`${line}\n`.repeat(100_000))
    while (told.length === 0) {
      looked.push(log.top)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(looked.length).toBeGreaterThanOrEqual(100)
    expect(Math.max(...looked.map((now, index) => now - (looked[index - 1] ?? 0)))).toBeLessThanOrEqual(1000)
    expect(log.top).toBe(top)
  })

  it('stops between two lines that arrived together, and resumes with the second', async () => {
    const { stdin, log, source, told } = openStdin()
    stdin.end(`${Array.from({ length: 5000 }, (_, n) => n).join('\n')}\nlast`)
    await expect.poll(() => log.top).toBeGreaterThan(0)
    source.change({ rate: 0 })
    const { top } = log
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(log.top).toBe(top)
    expect(top).toBeLessThan(5000)
    expect(told).toEqual([])
    source.change({ rate: 1 })
    await expect.poll(() => told).toEqual([expect.stringMatching(/^stdin has ended after 5001 lines/)])
    expect(texts(log)).toEqual(Array.from({ length: 5000 }, (_, n) => n))
  })

  it('publishes what it has if the writer is cut off while it is paused', async () => {
    const { stdin, log, source, complaints, told } = openStdin()
    stdin.write('1\n'.repeat(5000))
    await expect.poll(() => log.top).toBeGreaterThan(0)
    source.change({ rate: 0 })
    stdin.destroy(Object.assign(new Error('read'), { code: 'EIO' }))
    await expect.poll(() => complaints).toEqual(['stdin cannot be read (EIO).'])
    source.change({ rate: 1 })
    await expect.poll(() => told.length).toBe(1)
    expect(log.top).toBe(5000)
  })

  it('reports why it cannot be read, and counts as ended', async () => {
    const { stdin, source, complaints, told } = openStdin()
    stdin.destroy(Object.assign(new Error('read'), { code: 'EIO' }))
    await expect.poll(() => told.length).toBe(1)
    expect(complaints).toEqual(['stdin cannot be read (EIO).'])
    expect(source.settings.rate).toBe(0)
  })
})

function openStdin({ rate = 1 } = {}) {
  const stdin = new PassThrough()
  const complaints: string[] = []
  const told: string[] = []
  const opened = open({
    kind: 'stdin',
    rate,
    stdin,
    complain: sentence => complaints.push(sentence),
    tell: sentence => told.push(sentence),
  })
  return { ...opened, stdin, complaints, told }
}

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
