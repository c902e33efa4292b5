import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listenOverflowsIn, readListenOverflows } from '../processes/machine.ts'
import {
  checkAboveIdle,
  checkBroadcastMedian,
  checkClockKept,
  checkComplete,
  checkDraws,
  checkLatencyFloor,
  checkListenQueue,
  checkPollMean,
  checkReadersShare,
  checkSchedule,
  checkServerSaturated,
  checkSettled,
  checkSteal,
  checkStraight,
} from './checks.ts'

const exact = { expected: 100, delivered: 100, repeated: 0, disordered: 0 }

test.each([
  ['nothing amiss', exact, 'ok'],
  ['one lost', { ...exact, delivered: 99 }, 'refused'],
  ['one repeated', { ...exact, repeated: 1 }, 'refused'],
  ['one out of order', { ...exact, disordered: 1 }, 'refused'],
  ['one too many', { ...exact, delivered: 101 }, 'refused'],
])('completeness with %s', (_name, tally, verdict) => {
  expect(checkComplete(tally).verdict).toBe(verdict)
})

test('every scheduled event must have been published and seen', () => {
  const on = { least: 150, most: 199 }
  expect(checkSchedule([1000, 1050, 1100], 3, 50, on).verdict).toBe('ok')
  expect(checkSchedule([1000, 1100], 2, 50, on).reason).toBe('3 events were scheduled, 2 published, 2 seen.')
  expect(checkSchedule([1000, 1050], 3, 50, on).verdict).toBe('refused')
})

test('a source that begins late or ends early has not kept its schedule, and one that goes on has neither', () => {
  const during = (least: number, most: number) => checkSchedule([1000, 1050, 1100], 3, 50, { least, most })
  expect(during(100, 210).verdict).toBe('ok')
  expect(during(Number.NEGATIVE_INFINITY, 210).verdict).toBe('ok')
  expect(during(210, 240).reason).toBe('4 events were scheduled, 3 published, 3 seen.')
  expect(during(90, 99).reason).toBe('2 events were scheduled, 3 published, 3 seen.')
})

test('what the silent server spends as well says nothing about its readers', () => {
  expect(checkAboveIdle(80, 100, []).verdict).toBe('ok')
  expect(checkAboveIdle(60, 100, []).verdict).toBe('flagged')
  expect(checkAboveIdle(40, 100, []).verdict).toBe('refused')
  expect(checkAboveIdle(40, 100, []).reason).toMatch(/^The silent server spends nearly as much/)
  expect(checkAboveIdle(-20, 50, [])).toMatchObject({
    verdict: 'refused',
    reason: expect.stringMatching(/^The silent server spends more/),
  })
})

test('a window whose halves cost unlike has not settled; where one of them had nothing to do, nobody can tell', () => {
  expect(checkSettled(-0.04).verdict).toBe('ok')
  expect(checkSettled(-0.08).reason).toBe('The second half of the window cost less than the first (8.0 %).')
  expect(checkSettled(Number.NaN)).toMatchObject({ verdict: 'ok', value: null })
})

test('a slope whose steps do not lie on one line says so, step by step', () => {
  expect(checkStraight(8, [7.5, 8.2, 8], 'memory-per-connection').verdict).toBe('ok')
  expect(checkStraight(0.00001, [0, 0.05, 0], 'external-per-connection').verdict).toBe('ok')
  expect(checkStraight(11.6, [17, 14.5, 9.4], 'memory-per-connection')).toMatchObject({
    verdict: 'flagged',
    concerns: ['memory-per-connection'],
    reason: expect.stringMatching(/17\.0, 14\.5, 9\.4 KB/),
  })
  expect(checkStraight(-0.1, [0.9, 0, -0.7], 'kernel-per-connection').verdict).toBe('flagged')
})

test('a latency below what the clocks allow for is impossible', () => {
  expect(checkLatencyFloor(-0.04, 0.05).verdict).toBe('ok')
  expect(checkLatencyFloor(-0.06, 0.05).verdict).toBe('refused')
  expect(checkLatencyFloor(null, 0.05).verdict).toBe('ok')
})

test('a burst that mostly waited for its readers says so', () => {
  expect(checkReadersShare(0.6, []).verdict).toBe('ok')
  expect(checkReadersShare(0.9, []).reason).toMatch(/^generator-bound: for 90 % /)
})

test('a closed loop that leaves the server idle measures itself', () => {
  expect(checkServerSaturated('x', 0.96, []).verdict).toBe('ok')
  expect(checkServerSaturated('x', 0.9, []).verdict).toBe('flagged')
  expect(checkServerSaturated('x', 0.8, []).verdict).toBe('refused')
})

test('what the host takes for others is flagged, then refused; where it is not known it is not held against anyone', () => {
  expect([null, 0.02, 0.05, 0.11].map(share => checkSteal(share).verdict)).toEqual([
    'ok',
    'ok',
    'flagged',
    'refused',
  ])
})

test('connections that found a full listen queue are flagged; where it is not known it is not held against anyone', () => {
  expect([null, 0, 1, 484].map(count => checkListenQueue(count).verdict)).toEqual([
    'ok',
    'ok',
    'flagged',
    'flagged',
  ])
  expect(checkListenQueue(484).reason).toMatch(/^484 connections found a full listen queue/)
})

test('a trial in which the clock was set, or the machine slept, is refused', () => {
  expect([0, 3, -400, 2000, -3_600_000].map(ms => checkClockKept(ms).verdict)).toEqual([
    'ok',
    'ok',
    'ok',
    'refused',
    'refused',
  ])
  expect(checkClockKept(-3_600_000).reason).toMatch(/moved by -3600\.0 s/)
})

test('overflows are read by their names, wherever they stand', () => {
  const netstat = (names: string, values: string) =>
    `TcpExt: ${names}\nTcpExt: ${values}\nIpExt: ListenOverflows\nIpExt: 9\n`
  expect(listenOverflowsIn(netstat('A ListenOverflows ListenDrops B', '7 3 5 8'))).toBe(5)
  expect(listenOverflowsIn(netstat('ListenOverflows A', '4 7'))).toBe(4)
  expect(listenOverflowsIn(netstat('A', '7'))).toBeNull()
  expect(listenOverflowsIn('')).toBeNull()
})

test.runIf(process.platform === 'linux')('a listen queue that overflows is seen', async () => {
  const before = readListenOverflows() ?? 0
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // In one turn of this event loop all connect and nobody accepts.
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await new Promise<void>(resolve => process.nextTick(resolve))
  const untilMs = performance.now() + 50
  while (performance.now() < untilMs);
  expect(readListenOverflows()).toBeGreaterThan(before)
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('Poisson draws vary, but not without end, and nobody may miss one', () => {
  const seen = (count: number) => Array.from({ length: count }, (_, index) => index)
  expect(checkDraws(seen(100), 100, 110).verdict).toBe('ok')
  expect(checkDraws(seen(99), 100, 100).reason).toBe(
    '100.0 events were to be expected, 100 published, 99 seen.',
  )
  expect(checkDraws(seen(40), 40, 100).verdict).toBe('refused')
  expect(checkDraws(seen(0), 0, 0.5).verdict).toBe('ok')
})

test('a poll that is far from half an interval late was not polling, if chance cannot have done it', () => {
  expect(checkPollMean(119, 100, 1000).verdict).toBe('ok')
  expect(checkPollMean(121, 100, 1000).verdict).toBe('refused')
  expect(checkPollMean(79, 100, 1000).reason).toMatch(/^Physics violated: the polls were 79\.0 ms late/)
  expect(checkPollMean(140, 100, 20).verdict).toBe('ok')
})

test('nobody in the middle of a broadcast is served before half of the writes are made', () => {
  // 100 writes of 8 µs come before the median of 200 readers; half of that is the limit.
  expect(checkBroadcastMedian(0.41, 200, 8).verdict).toBe('ok')
  expect(checkBroadcastMedian(0.39, 200, 8).reason).toMatch(/^Physics violated/)
})
