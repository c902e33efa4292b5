import { expect, test } from 'vitest'
import type { TrialCheck } from '../../server/protocol/run.ts'
import {
  CHECK_CODES,
  check,
  checkAboveIdle,
  checkBroadcastMedian,
  checkBytes,
  checkComplete,
  checkConnections,
  checkDraws,
  checkLatencyFloor,
  checkMeanWait,
  checkSchedule,
  checkStraight,
} from './checks.ts'

const exact = { expected: 100, delivered: 100, repeated: 0, disordered: 0 }

test.each([
  ['nothing amiss', exact, 'ok'],
  ['one lost', { ...exact, delivered: 99 }, 'refused'],
  ['one repeated', { ...exact, repeated: 1 }, 'refused'],
  ['one out of order', { ...exact, disordered: 1 }, 'refused'],
  ['one too many', { ...exact, delivered: 101 }, 'refused'],
])('completeness with %s', (_name, counts, verdict) => {
  expect(checkComplete(counts).verdict).toBe(verdict)
})

test('every scheduled event must have been published and seen', () => {
  const on = { least: 150, most: 199 }
  expect(checkSchedule([1000, 1050, 1100], 3, 50, on).verdict).toBe('ok')
  expect(checkSchedule([1000, 1100], 2, 50, on)).toMatchObject({
    verdict: 'refused',
    params: { scheduled: 3, published: 2, seen: 2 },
  })
  expect(checkSchedule([1000, 1050], 3, 50, on).verdict).toBe('refused')
})

test('a source that begins late or ends early has not kept its schedule, and one that goes on has neither', () => {
  const during = (least: number, most: number) => checkSchedule([1000, 1050, 1100], 3, 50, { least, most })
  expect(during(100, 210).verdict).toBe('ok')
  expect(during(Number.NEGATIVE_INFINITY, 210).verdict).toBe('ok')
  expect(during(210, 240)).toMatchObject({ verdict: 'refused', params: { scheduled: 4, published: 3 } })
  expect(during(90, 99)).toMatchObject({ verdict: 'refused', params: { scheduled: 2, published: 3 } })
})

test('what the silent server spends as well says nothing about its readers', () => {
  expect([80, 60, 40].map(netMs => checkAboveIdle(netMs, 100).verdict)).toEqual(['ok', 'flagged', 'refused'])
  expect(checkAboveIdle(-20, 50)).toMatchObject({ verdict: 'refused', params: { idleShare: 1.4 } })
})

test('a window whose halves cost unlike has not settled; where one of them had nothing to do, it is not known', () => {
  expect(check('cost-drifts', -0.04, {}).verdict).toBe('ok')
  expect([0.08, -0.08].map(share => check('cost-drifts', share, {}).verdict)).toEqual(['flagged', 'flagged'])
  expect(check('cost-drifts', Number.NaN, {})).toMatchObject({ verdict: 'ok', value: null })
})

test('a slope whose steps do not lie on one line says so, step by step', () => {
  expect(checkStraight(8, [7.5, 8.2, 8], 'memory-per-connection').verdict).toBe('ok')
  expect(checkStraight(0.00001, [0, 0.05, 0], 'external-per-connection').verdict).toBe('ok')
  expect(checkStraight(11.6, [17, 14.5, 9.4], 'memory-per-connection')).toMatchObject({
    verdict: 'flagged',
    concerns: ['memory-per-connection'],
    params: { stepsKb: [17, 14.5, 9.4] },
  })
  expect(checkStraight(-0.1, [0.9, 0, -0.7], 'kernel-per-connection').verdict).toBe('flagged')
})

test('a latency below what the clocks allow for is impossible', () => {
  expect(checkLatencyFloor(-0.04, 0.05).verdict).toBe('ok')
  expect(checkLatencyFloor(-0.06, 0.05)).toMatchObject({ verdict: 'refused', params: { earlyMs: 0.06 } })
  expect(checkLatencyFloor(null, 0.05).verdict).toBe('ok')
})

test('a burst that mostly waited for its readers gives an upper bound', () => {
  expect(check('reading-dominates', 0.6, {}).verdict).toBe('ok')
  expect(check('reading-dominates', 0.9, {}).verdict).toBe('flagged')
})

test('a closed loop that leaves the server idle measures itself', () => {
  const verdict = (share: number) => check('server-not-full', share, { part: 'empty', share }).verdict
  expect([0.96, 0.9, 0.8].map(verdict)).toEqual(['ok', 'flagged', 'refused'])
})

test('what the host takes for others is flagged, then refused; where it is not known it counts for nothing', () => {
  const verdict = (share: number | null) => check('host-steal', share, { share }).verdict
  expect([null, 0.02, 0.05, 0.11].map(verdict)).toEqual(['ok', 'ok', 'flagged', 'refused'])
})

test('connections that found a full listen queue are flagged; where it is not known it counts for nothing', () => {
  const verdict = (overflows: number | null) => check('listen-queue-full', overflows, { overflows }).verdict
  expect([null, 0, 1, 484].map(verdict)).toEqual(['ok', 'ok', 'flagged', 'flagged'])
})

test('a trial in which the clock was set, or the machine slept, is refused', () => {
  const verdict = (movedMs: number) => check('clock-moved', movedMs, { movedMs }).verdict
  expect([0, 3, -400, 2000, -3_600_000].map(verdict)).toEqual(['ok', 'ok', 'ok', 'refused', 'refused'])
})

test('Poisson draws vary, but only so far, and every event must be seen', () => {
  const seen = (count: number) => Array.from({ length: count }, (_, index) => index)
  expect(checkDraws(seen(100), 100, 110).verdict).toBe('ok')
  expect(checkDraws(seen(99), 100, 100)).toMatchObject({
    verdict: 'refused',
    params: { expected: 100, published: 100, seen: 99 },
  })
  expect(checkDraws(seen(40), 40, 100).verdict).toBe('refused')
  expect(checkDraws(seen(0), 0, 0.5).verdict).toBe('ok')
})

test('a poll that is far from half an interval late was not polling, if chance cannot explain it', () => {
  expect(checkMeanWait(119, 100, 1000).verdict).toBe('ok')
  expect(checkMeanWait(121, 100, 1000).verdict).toBe('refused')
  expect(checkMeanWait(79, 100, 1000)).toMatchObject({ verdict: 'refused', params: { meanMs: 79 } })
  expect(checkMeanWait(140, 100, 20)).toMatchObject({ verdict: 'ok', value: null })
})

test('the reader in the middle of a broadcast is not served before half of the writes are made', () => {
  // 100 writes of 8 µs come before the median of 200 readers; half of that is the limit.
  expect(checkBroadcastMedian(0.41, 200, 8).verdict).toBe('ok')
  expect(checkBroadcastMedian(0.39, 200, 8)).toMatchObject({ verdict: 'refused', params: { leastMs: 0.4 } })
})

test('limits and parameters are rounded, whole numbers are not', () => {
  expect(checkStraight(350.154543, [1234567, 0.000123456], 'memory-per-connection')).toMatchObject({
    limits: { flagAbove: 87.54, straightShare: 0.25 },
    params: { slopeKb: 350.2, stepsKb: [1234567, 0.0001235] },
  })
  expect(checkBytes('down', 123_456_789, 123_456_788)).toMatchObject({
    value: 1,
    params: { serverBytes: 123_456_789 },
  })
})

test('in a throughput trial the connections of the fleet concern the figures of the fleet', () => {
  const concerns = ({ concerns }: TrialCheck) => concerns
  expect(concerns(checkConnections(['ECONNRESET'], 'fleet'))).toEqual([
    'throughput-fleet',
    'instruments-agree',
  ])
  expect(checkConnections(['ECONNRESET', 'EPIPE'])).toMatchObject({
    verdict: 'refused',
    concerns: 'all',
    params: { count: 2, first: 'ECONNRESET' },
  })
})

test('every check has a limit that flags or refuses, or a verdict of its own', () => {
  const decided = new Set(['read-before-published', 'faster-than-writes', 'not-straight'])
  const undecided = CHECK_CODES.filter(code => {
    const { limits, verdict } = check(code, 0, { part: 'empty', metric: 'lost' })
    const named = Object.keys(limits).some(name => /^(flag|refuse)(From|Above|Below|Beyond)$/.test(name))
    return !named && verdict === 'ok' && !decided.has(code)
  })
  expect(undecided).toEqual(['limit-found'])
})
