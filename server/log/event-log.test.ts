import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { createEventLog, type EventLog, PublishRefusal, type Window } from './event-log.ts'

const WIDE: Window = { keepEvents: 1000, keepSeconds: 1000, keepBytes: 1e9 }
const ALL = { maxEvents: 1e9, maxBytes: 1e9, overheadBytes: 0 }

describe('the event log', () => {
  it('numbers events from 1, without a hole', async () => {
    const log = createEventLog(WIDE, handClock())
    const cursors = [await log.append('a', 1), await log.append('b', 2), await log.append('c', 3)]
    expect(cursors.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(cursors.every(({ epoch }) => epoch === log.epoch)).toBe(true)
    expect(seqsAfter(log, 0)).toEqual([1, 2, 3])
  })

  it('mints another epoch for every log', () => {
    const epochs = new Set(Array.from({ length: 100 }, () => createEventLog(WIDE, handClock()).epoch))
    expect(epochs.size).toBe(100)
    for (const epoch of epochs) expect(epoch).toMatch(/^[a-z0-9]{10}$/)
  })

  it('makes the text of an event once, keys in the order of the protocol', async () => {
    const log = createEventLog(WIDE, handClock())
    await log.append('say', { b: 1, a: 'é' }, 1763805412345.678)
    const [entry] = log.since({ epoch: log.epoch, seq: 0 }, ALL).entries
    expect(entry?.text).toBe('{"seq":1,"at":1763805412345.678,"type":"say","data":{"b":1,"a":"é"}}')
    expect(entry?.bytes).toBe(Buffer.byteLength(entry?.text ?? ''))
  })

  it.each([
    ['Say', 1, 'bad-type'],
    ['', 1, 'bad-type'],
    ['a\nb', 1, 'bad-type'],
    ['a'.repeat(33), 1, 'bad-type'],
    ['hello', 1, 'reserved-type'],
    ['bye', 1, 'reserved-type'],
    ['a', undefined, 'bad-data'],
    ['a', 'x'.repeat(65_535), 'data-too-large'],
    ['a', 'ä'.repeat(32_768), 'data-too-large'],
  ])('refuses type %j with its data, and leaves the log as it was', async (type, data, code) => {
    const log = createEventLog(WIDE, handClock())
    const refusal = await log.append(type, data).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(PublishRefusal)
    expect(refusal).toMatchObject({ code })
    expect(log.top).toBe(0)
  })

  it('accepts data of exactly 64 KiB', async () => {
    const log = createEventLog(WIDE, handClock())
    await log.append('a', 'x'.repeat(65_534))
    expect(log.top).toBe(1)
  })

  it('trims by events, by bytes and by seconds, whichever is reached first', async () => {
    const clock = handClock()
    const byEvents = createEventLog({ ...WIDE, keepEvents: 3 }, clock)
    const byBytes = createEventLog({ ...WIDE, keepBytes: 150 }, clock)
    const bySeconds = createEventLog({ ...WIDE, keepSeconds: 1 }, clock)
    for (let n = 0; n < 5; n += 1) {
      for (const log of [byEvents, byBytes, bySeconds]) await log.append('a', n)
      clock.forward(400)
    }
    expect(byEvents.oldest).toBe(3)
    expect(byBytes.bytes).toBeLessThanOrEqual(150)
    expect(byBytes.oldest).toBeGreaterThan(1)
    expect(bySeconds.oldest).toBe(4)
    clock.forward(10_000)
    expect(bySeconds.oldest).toBe(bySeconds.top + 1)
    expect(bySeconds.bytes).toBe(0)
  })

  it('returns at least one event, however large, and says when there is more', async () => {
    const log = createEventLog(WIDE, handClock())
    for (let n = 0; n < 5; n += 1) await log.append('a', 'x'.repeat(100))
    const first = log.since({ epoch: log.epoch, seq: 0 }, { maxEvents: 10, maxBytes: 1, overheadBytes: 0 })
    expect(first).toMatchObject({ cursor: { seq: 1 }, more: true })
    const two = log.since({ epoch: log.epoch, seq: 1 }, { maxEvents: 2, maxBytes: 1e9, overheadBytes: 0 })
    expect(two).toMatchObject({ cursor: { seq: 3 }, more: true })
    const rest = log.since({ epoch: log.epoch, seq: 3 }, { maxEvents: 2, maxBytes: 1e9, overheadBytes: 0 })
    expect(rest).toMatchObject({ cursor: { seq: 5 }, more: false })
  })

  it('announces the growth of one turn once, and not to followers that left', async () => {
    const log = createEventLog(WIDE, handClock())
    let heard = 0
    const leave = log.follow(() => {
      heard += 1
    })
    await Promise.all([log.append('a', 1), log.append('a', 2), log.append('a', 3)])
    expect(heard).toBe(0)
    await nextTurn()
    expect(heard).toBe(1)
    leave()
    await log.append('a', 4)
    await nextTurn()
    expect(heard).toBe(1)
  })

  it('agrees with a plain list, for any window, any appends and any cursor', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40 })
    const windows = fc.record({
      keepEvents: fc.integer({ min: 1, max: 20 }),
      keepBytes: fc.integer({ min: 50, max: 2000 }),
      keepSeconds: fc.integer({ min: 1, max: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(sizes, windows, fc.integer({ min: 0, max: 45 }), async (appended, window, asked) => {
        const clock = handClock()
        const log = createEventLog(window, clock)
        for (const size of appended) {
          await log.append('a', 'x'.repeat(size))
          clock.forward(1000)
        }
        const slice = log.since({ epoch: log.epoch, seq: asked }, ALL)
        const kept = keptOf(log)
        const top = appended.length
        const oldest = top - kept.length + 1
        if (asked > top) {
          expect(slice).toMatchObject({
            gap: { reason: 'ahead', lost: null },
            entries: [],
            cursor: { seq: top },
          })
        } else if (asked < oldest - 1) {
          expect(slice.gap).toEqual({
            reason: 'trimmed',
            from: asked + 1,
            to: oldest - 1,
            lost: oldest - 1 - asked,
          })
          expect(slice.entries.map(({ seq }) => seq)).toEqual(kept)
        } else {
          expect(slice.gap).toBeNull()
          expect(slice.entries.map(({ seq }) => seq)).toEqual(kept.filter(seq => seq > asked))
        }
        expect(kept.length).toBeLessThanOrEqual(Math.min(window.keepEvents, window.keepSeconds))
        expect(log.bytes).toBeLessThanOrEqual(window.keepBytes)
      }),
    )
  })
})

/** What is kept, read one by one from the top down. */
function keptOf(log: EventLog): number[] {
  const kept: number[] = []
  for (let seq = log.top; seq >= log.oldest; seq -= 1) kept.unshift(seq)
  return kept
}

function seqsAfter(log: EventLog, seq: number): number[] {
  return log.since({ epoch: log.epoch, seq }, ALL).entries.map(entry => entry.seq)
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 5))
}

/** A clock that a test sets. */
function handClock(): Clock & { forward(ms: number): void } {
  let nowMs = 0
  return {
    epochMs: () => 1e12 + nowMs,
    monotonicMs: () => nowMs,
    reading: () => ({ at: 1e12 + nowMs, monotonicNs: String(nowMs * 1e6) }),
    forward(ms) {
      nowMs += ms
    },
  }
}
