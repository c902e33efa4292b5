import { expect, test } from 'vitest'
import type { Subscription } from '../../../reader/subscribe.ts'
import { createKnownEvents } from './known-events.ts'
import { createLaneRecord } from './lane-record.ts'

const EPOCH = 'k3f9x2ab7q'

function subscriptionAt(place: Subscription['place']): Subscription {
  return {
    audit: { received: 0, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0, requests: 0 },
    place,
    state: { name: 'open' },
    technique: 'sse',
    configure() {},
    say: () => Promise.reject(new Error('nothing is said here')),
    wake() {},
    close() {},
  }
}

function delivery(seq: number, latencyMs = 5, epoch = EPOCH) {
  const at = 1_000_000 + seq
  return {
    event: { seq, at, type: 'earthquake', data: null },
    cursor: { epoch, seq },
    receivedAt: at + latencyMs,
  }
}

test('the books begin at the place of the hello, so an event lost right after it shows', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  lane.follow(subscriptionAt({ epoch: EPOCH, seq: 10 }), null)
  lane.changed({ name: 'open' }, 1_000_000)
  lane.delivered(delivery(11), 0.3)
  expect(lane.audit({ epoch: EPOCH, seq: 12 })).toEqual({ name: 'behind', count: 1 })
  lane.delivered(delivery(12), 0.3)
  expect(lane.audit({ epoch: EPOCH, seq: 12 })).toEqual({ name: 'complete' })
  lane.delivered(delivery(14), 0.3)
  expect(lane.audit({ epoch: EPOCH, seq: 14 })).toEqual({ name: 'mismatch', count: 1 })
})

test('a declared loss is part of the books and drawn with its numbers', () => {
  const lane = createLaneRecord('poll', createKnownEvents())
  lane.follow(subscriptionAt(null), null)
  lane.delivered(delivery(5), 0.3)
  lane.lost({ reason: 'trimmed', from: 6, to: 8, lost: 3 }, { epoch: EPOCH, seq: 8 }, 1_000_100)
  lane.delivered(delivery(9), 0.3)
  expect(lane.counts()).toMatchObject({ received: 2, missing: 3 })
  expect(lane.audit({ epoch: EPOCH, seq: 9 })).toEqual({ name: 'complete' })
  expect(lane.gaps[0]?.label).toContain('6–8')
})

test('a new epoch begins the books anew', () => {
  const lane = createLaneRecord('websocket', createKnownEvents())
  lane.follow(subscriptionAt(null), null)
  lane.delivered(delivery(500), 0.3)
  lane.lost({ reason: 'epoch', lost: null }, { epoch: 'bbbbbbbbbb', seq: 0 }, 1_000_900)
  lane.delivered(delivery(1, 5, 'bbbbbbbbbb'), 0.3)
  expect(lane.audit({ epoch: 'bbbbbbbbbb', seq: 1 })).toEqual({ name: 'complete' })
})

test('an event from the future has no latency, but it was received', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  lane.follow(subscriptionAt(null), null)
  lane.delivered(delivery(1, -3_600_000), 0.3)
  expect(lane.counts().received).toBe(1)
  expect(lane.invalid).toBe(1)
  expect(lane.samples.summarise(0)).toBeNull()
})

test('what one lane has heard of, the others are known to be waiting for', () => {
  const known = createKnownEvents()
  const quick = createLaneRecord('websocket', known)
  const slow = createLaneRecord('poll', known)
  quick.delivered(delivery(1), 0.3)
  quick.delivered(delivery(2), 0.3)
  slow.delivered(delivery(1), 0.3)
  expect(known.top).toEqual({ epoch: EPOCH, seq: 2 })
  expect(known.events.length).toBe(2)
  expect(slow.place?.seq).toBe(1)
})

test('a lane that is started again, also more than once, goes on counting its requests and repeats', () => {
  const lane = createLaneRecord('poll', createKnownEvents())
  const counting = (asks: number, repeated: number): Subscription => ({
    ...subscriptionAt(null),
    audit: { received: 0, repeated, missing: 0, undeclaredGaps: 0, gaps: 0, requests: asks },
  })
  lane.follow(counting(40, 2), null)
  expect(lane.counts()).toMatchObject({ asks: 40, repeated: 2 })
  lane.rest()
  expect(lane.counts()).toMatchObject({ asks: 40, repeated: 2 })
  lane.follow(counting(3, 1), null)
  expect(lane.counts()).toMatchObject({ asks: 43, repeated: 3 })
  lane.follow(counting(0, 0), null)
  expect(lane.counts()).toMatchObject({ asks: 43, repeated: 3 })
})

test('a lane that another technique carries says which and why, until its own does again', () => {
  const lane = createLaneRecord('sse', createKnownEvents())
  let technique: Subscription['technique'] = 'sse'
  const subscription: Subscription = {
    ...subscriptionAt(null),
    get technique() {
      return technique
    },
  }
  const lost = { name: 'reconnecting', untilMs: 0, attempt: 2, why: 'mute' } as const
  lane.follow(subscription, null)
  lane.changed({ ...lost, attempt: 1 }, 1_000)
  expect(lane.moved).toBeNull()
  technique = 'long-poll'
  lane.changed(lost, 2_000)
  lane.changed({ name: 'connecting', why: 'mute' }, 3_000)
  lane.changed({ name: 'holding', sinceMs: 0 }, 4_000)
  lane.changed({ ...lost, why: 'cut' }, 5_000)
  expect(lane.moved).toEqual({ to: 'long-poll', why: 'mute' })
  technique = 'sse'
  lane.changed({ name: 'open' }, 6_000)
  expect(lane.moved).toBeNull()
})
