import { expect, test } from 'vitest'
import type { DeliveryAxes } from '../bench/scenarios/scenario.ts'
import { independentWaits, predictMeanLatencyMs, predictRequestsPerEvent } from './theory.ts'

const AXES: DeliveryAxes = {
  readers: 10,
  sentinels: 10,
  eventsPerSecond: 20,
  timing: 'poisson',
  payloadBytes: 128,
  pollIntervalMs: 200,
  connectAtOnce: 1,
  distanceMs: 50,
  idleMs: 0,
  warmUpMs: 0,
  warmUpFactor: 1,
  warmUpDeliveriesPerSecond: 1,
  largeFanOut: false,
  windowMs: 1_000,
}

const at = (roundTripMs: number) => ({ eventsPerSecond: 20, roundTripMs, scheduleLagMs: 0 })

/** One long poll against Poisson arrivals, walked through event by event: what the formula has to agree with. */
function simulateLongPoll(roundTripMs: number, eventsPerSecond: number) {
  let state = 1
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  let nowMs = 0
  let askArrivesMs = 0
  let waiting: number[] = []
  let sumMs = 0
  let asks = 0
  const events = 200_000
  for (let count = 0; count < events; count++) {
    nowMs += (-Math.log(random()) * 1000) / eventsPerSecond
    if (waiting.length > 0 && nowMs > askArrivesMs) {
      for (const publishedMs of waiting) sumMs += askArrivesMs - publishedMs + roundTripMs / 2
      waiting = []
      asks += 1
      askArrivesMs += roundTripMs
    }
    if (nowMs >= askArrivesMs) {
      sumMs += roundTripMs / 2
      asks += 1
      askArrivesMs = nowMs + roundTripMs
    } else waiting.push(nowMs)
  }
  return { meanMs: sumMs / (events - waiting.length), requestsPerEvent: asks / events }
}

test.each([20, 100, 200])(
  'with %i ms of round trip the gap of a long poll costs what it costs',
  roundTripMs => {
    const predicted = predictMeanLatencyMs('long-poll', AXES, at(roundTripMs))
    const simulated = simulateLongPoll(roundTripMs, AXES.eventsPerSecond)
    expect((predicted ?? 0) / simulated.meanMs).toBeCloseTo(1, 2)
    const requests = predictRequestsPerEvent('long-poll', AXES, at(roundTripMs))
    expect((requests ?? 0) / simulated.requestsPerEvent).toBeCloseTo(1, 2)
  },
)

test('a stream pays the distance once, a poll on top of half its interval', () => {
  expect(predictMeanLatencyMs('sse', AXES, at(100))).toBe(50)
  expect(predictMeanLatencyMs('websocket', AXES, at(100))).toBe(50)
  expect(predictMeanLatencyMs('poll', AXES, at(100))).toBe(150)
})

test('the schedule lag of the source comes on top, and the rate is the one that was had', () => {
  expect(predictMeanLatencyMs('sse', AXES, { ...at(100), scheduleLagMs: 1 })).toBe(51)
  expect(predictMeanLatencyMs('poll', AXES, { ...at(100), scheduleLagMs: 1 })).toBe(151)
  const [few, many] = [1, 1000].map(eventsPerSecond =>
    predictMeanLatencyMs('long-poll', AXES, { ...at(100), eventsPerSecond, scheduleLagMs: 1 }),
  )
  expect(few).toBeCloseTo(1 + 50 + 5, 0)
  expect(many).toBeCloseTo(1 + 100, 3)
})

test('a poll asks by the clock, a stream never', () => {
  expect(predictRequestsPerEvent('poll', { ...AXES, pollIntervalMs: 500 }, at(0))).toBeCloseTo(0.1)
  expect(predictRequestsPerEvent('poll', { ...AXES, pollIntervalMs: 10 }, at(0))).toBeCloseTo(5)
  expect(predictRequestsPerEvent('sse', AXES, at(100))).toBeNull()
  expect(predictRequestsPerEvent('long-poll', { ...AXES, timing: 'fixed' }, at(100))).toBeNull()
})

test('theory is silent about streams without a distance, and about a long poll whose phase does not vary', () => {
  expect(predictMeanLatencyMs('sse', { ...AXES, distanceMs: null }, at(0))).toBeNull()
  expect(predictMeanLatencyMs('sse', { ...AXES, distanceMs: 0 }, at(1))).toBeNull()
  expect(predictMeanLatencyMs('long-poll', { ...AXES, timing: 'fixed' }, at(100))).toBeNull()
})

test('each sentinel waits on its own, each event only where it may fall anywhere', () => {
  expect(independentWaits(AXES, 20)).toBe(200)
  expect(independentWaits({ ...AXES, eventsPerSecond: 0.1 }, 2)).toBe(10)
  expect(independentWaits({ ...AXES, windowMs: 100 }, 2)).toBe(10)
})
