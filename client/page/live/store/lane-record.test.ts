import { expect, test } from 'vitest'
import type { Cursor, Gap } from '../../../../server/protocol/wire.ts'
import type { Audit, Subscription } from '../../../reader/subscribe.ts'
import { createKnownEvents } from './known-events.ts'
import { createLaneRecord, type LaneRecord } from './lane-record.ts'

const EPOCH = 'k3f9x2ab7q'
const ALWAYS = Number.NEGATIVE_INFINITY
const UNCERTAINTY_MS = 0.3

const at = (seq: number, epoch = EPOCH): Cursor => ({ epoch, seq })

/** A subscription as a lane sees it: its counters and its place move before the lane is told. */
function createFeed(lane: LaneRecord, start: Cursor | null, counted: Partial<Audit> = {}) {
  const audit = { received: 0, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0, requests: 0, ...counted }
  let place = start
  let technique: Subscription['technique'] = 'sse'
  const subscription: Subscription = {
    audit,
    get place() {
      return place
    },
    get technique() {
      return technique
    },
    state: { name: 'open' },
    configure() {},
    say: () => Promise.reject(new Error('This lane does not talk back.')),
    wake() {},
    close() {},
  }
  return {
    subscription,
    moveTo(next: Subscription['technique']) {
      technique = next
    },
    deliver(seq: number, latencyMs = 5, epoch = EPOCH) {
      audit.received += 1
      place = at(seq, epoch)
      const publishedAt = 1_000_000 + seq
      const event = { seq, at: publishedAt, type: 'earthquake', data: null }
      const delivery = { event, cursor: place, receivedAt: publishedAt + latencyMs }
      lane.delivered(delivery, UNCERTAINTY_MS)
    },
    lose(gap: Gap, after: Cursor) {
      audit.missing += gap.lost ?? 0
      place = after
      lane.lost(gap, 1_000_100)
    },
  }
}

function follow(lane: LaneRecord, start: Cursor | null = null, counted: Partial<Audit> = {}) {
  const feed = createFeed(lane, start, counted)
  lane.follow(feed.subscription, start, ALWAYS)
  return feed
}

test('the audit begins at the place of the hello, so an event lost right after it shows', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  const feed = createFeed(lane, at(10))
  lane.follow(feed.subscription, null, ALWAYS)
  lane.changed({ name: 'open' }, 1_000_000)
  feed.deliver(11)
  expect(lane.audit(at(12))).toEqual({ name: 'behind', count: 1 })
  feed.deliver(12)
  expect(lane.audit(at(12))).toEqual({ name: 'complete' })
  feed.deliver(14)
  expect(lane.audit(at(14))).toEqual({ name: 'mismatch', count: 1 })
})

test('a declared loss is part of the audit and kept for drawing', () => {
  const lane = createLaneRecord('poll', createKnownEvents())
  const feed = follow(lane)
  const gap = { reason: 'trimmed', from: 6, to: 8, lost: 3 } as const
  feed.deliver(5)
  feed.lose(gap, at(8))
  feed.deliver(9)
  expect(lane.counts()).toMatchObject({ received: 2, missing: 3 })
  expect(lane.audit(at(9))).toEqual({ name: 'complete' })
  expect(lane.gaps).toEqual([{ at: 1_000_100, gap }])
})

test('a new epoch begins a new audit', () => {
  const lane = createLaneRecord('websocket', createKnownEvents())
  const feed = follow(lane)
  feed.deliver(500)
  feed.lose({ reason: 'epoch', lost: null }, at(0, 'bbbbbbbbbb'))
  feed.deliver(1, 5, 'bbbbbbbbbb')
  expect(lane.audit(at(1, 'bbbbbbbbbb'))).toEqual({ name: 'complete' })
})

test('an event from the future has no latency, but it was received', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  follow(lane).deliver(1, -3_600_000)
  expect(lane.counts().received).toBe(1)
  expect(lane.samples.summarise(0)).toBeNull()
})

test('what one lane has heard of, the others are known to be waiting for', () => {
  const known = createKnownEvents()
  const quick = createLaneRecord('websocket', known)
  const slow = createLaneRecord('poll', known)
  const quickFeed = follow(quick)
  quickFeed.deliver(1)
  quickFeed.deliver(2)
  follow(slow).deliver(1)
  expect(known.top).toEqual(at(2))
  expect(known.events.length).toBe(2)
  expect(slow.place?.seq).toBe(1)
})

test('a lane that is started again, also more than once, goes on counting', () => {
  const lane = createLaneRecord('poll', createKnownEvents())
  follow(lane, null, { requests: 40, repeated: 2, received: 30, missing: 1 })
  const first = { requests: 40, repeated: 2, received: 30, missing: 1 }
  expect(lane.counts()).toEqual(first)
  lane.rest(1_000_000)
  expect(lane.counts()).toEqual(first)
  follow(lane, null, { requests: 3, repeated: 1, received: 2, missing: 0 })
  const both = { requests: 43, repeated: 3, received: 32, missing: 1 }
  expect(lane.counts()).toEqual(both)
  follow(lane)
  expect(lane.counts()).toEqual(both)
})

test('a lane that was switched off catches up: all is received and audited, and what it slept through has no latency', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  follow(lane, at(10)).deliver(11)
  lane.rest(1_000_012)
  expect([lane.state, lane.audit(at(13))]).toEqual([null, null])
  const feed = createFeed(lane, at(11))
  lane.follow(feed.subscription, at(11), 1_000_013)
  lane.changed({ name: 'open' }, 1_000_013)
  feed.deliver(12, 60_000)
  expect(lane.samples.summarise()).toMatchObject({ count: 1, maxMs: 5 })
  feed.deliver(13, 7)
  expect(lane.samples.summarise()).toMatchObject({ count: 2, maxMs: 7 })
  expect(lane.audit(at(13))).toEqual({ name: 'complete' })
  expect(lane.counts().received).toBe(3)
})

test('a lane that another technique carries says which and why, until its own does again', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  const feed = follow(lane)
  const lost = { name: 'reconnecting', untilMs: 0, attempt: 2, why: 'mute' } as const
  lane.changed({ ...lost, attempt: 1 }, 1_000)
  expect(lane.moved).toBeNull()
  feed.moveTo('long-poll')
  lane.changed(lost, 2_000)
  lane.changed({ name: 'connecting', why: 'mute' }, 3_000)
  lane.changed({ name: 'holding', sinceMs: 0 }, 4_000)
  lane.changed({ ...lost, why: 'cut' }, 5_000)
  expect(lane.moved).toEqual({ to: 'long-poll', why: 'mute' })
  feed.moveTo('sse')
  lane.changed({ name: 'open' }, 6_000)
  expect(lane.moved).toBeNull()
})
