import { describe, expect, test } from 'vitest'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'
import { createOutageWatch, keepsAway, SUSPECT_MS } from './outage-watch.ts'

const CONNECTING: SubscriptionState = { name: 'connecting' }
const OPEN: SubscriptionState = { name: 'open' }
const LOST: SubscriptionState = { name: 'reconnecting', untilMs: 0, attempt: 1, why: 'unreachable' }

function watchAll(state: SubscriptionState, nowMs: number) {
  const watch = createOutageWatch()
  const enter = (next: SubscriptionState, atMs: number) => {
    for (const technique of TECHNIQUES) watch.entered(technique, next, atMs)
  }
  enter(state, nowMs)
  return { watch, enter }
}

describe('an outage of the lanes alone', () => {
  test('is suspected when none connects, whether they are refused or left hanging', () => {
    const hanging = watchAll(CONNECTING, 1_000).watch
    expect(hanging.suspects(1_000 + SUSPECT_MS - 1)).toBe(false)
    expect(hanging.suspects(1_000 + SUSPECT_MS)).toBe(true)
    const { watch, enter } = watchAll(CONNECTING, 1_000)
    enter(LOST, 1_010)
    expect(watch.suspects(1_000 + SUSPECT_MS)).toBe(true)
  })

  test('is none while one of them works, and over as soon as one does', () => {
    const { watch, enter } = watchAll(CONNECTING, 0)
    enter(LOST, 10)
    watch.entered('poll', { name: 'resting', untilMs: 500 }, 20)
    expect(watch.suspects(60_000)).toBe(false)
    watch.entered('poll', LOST, 60_010)
    enter(LOST, 61_000)
    expect(watch.suspects(60_000 + SUSPECT_MS)).toBe(true)
    watch.entered('sse', OPEN, 70_000)
    expect(watch.suspects(70_000)).toBe(false)
  })

  test('is none after a cut from which they come back', () => {
    const { watch, enter } = watchAll(OPEN, 0)
    expect(watch.suspects(50_000)).toBe(false)
    enter(LOST, 50_100)
    expect(watch.suspects(53_000)).toBe(false)
    enter(OPEN, 53_100)
    expect(watch.suspects(60_000)).toBe(false)
  })

  test('is none while they only wait for their next try after a trouble that is over', () => {
    const { watch, enter } = watchAll(OPEN, 0)
    enter(LOST, 10_000)
    watch.excuse(20_000)
    expect(watch.suspects(45_000)).toBe(false)
    enter(LOST, 46_000)
    expect(watch.suspects(46_000)).toBe(true)
  })

  test('is none where the lab itself refuses them, for now or for good', () => {
    const { watch, enter } = watchAll(CONNECTING, 0)
    enter({ ...LOST, why: 'refused', reason: 'Try again later.' }, 10)
    expect(watch.suspects(60_000)).toBe(false)
    enter({ name: 'closed', reason: 'Not with this cursor.' }, 60_000)
    expect(watch.suspects(120_000)).toBe(false)
  })

  test('is forgotten with the lanes', () => {
    const { watch } = watchAll(CONNECTING, 0)
    watch.forget()
    expect(watch.suspects(60_000)).toBe(false)
    watch.entered('poll', CONNECTING, 60_000)
    expect(watch.suspects(60_100)).toBe(false)
  })
})

test('what is set on the way explains it only if it is enough to', () => {
  for (const conditions of [
    { blackhole: true },
    { refuseStatus: 503 },
    { resetAfterBytes: 100 },
    { cutAfterBytes: 100 },
    { delayMs: 2_000 },
    { bytesPerSecond: 100 },
  ] as const)
    expect(keepsAway(conditions)).toBe(true)
  for (const conditions of [
    {},
    { delayMs: 200, jitterMs: 20 },
    { sliceBytes: 1 },
    { bytesPerSecond: 1_000_000 },
  ])
    expect(keepsAway(conditions)).toBe(false)
})
