import { describe, expect, test } from 'vitest'
import { asksAtIntervals, isHeld, isStream, TECHNIQUES } from '../server/protocol/techniques.ts'
import {
  emptyShareAtIntervals,
  independentWaits,
  intervalWait,
  longPollGap,
  predictMeanLatencyMs,
  predictRequestsPerEvent,
  requestCrossoverPerSecond,
  type Usage,
} from './theory.ts'

const USAGE: Usage = { timing: 'poisson', pollIntervalMs: 200, distanceMs: 50 }
const PER_SECOND = 20

const at = (roundTripMs: number) => ({ eventsPerSecond: PER_SECOND, roundTripMs, scheduleLagMs: 0 })

/** The same numbers in each run. */
function createRandom() {
  let state = 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Held requests against Poisson arrivals, walked through event by event: what the formulas have to agree with. */
function simulateHeld(roundTripMs: number, eventsPerSecond: number) {
  const random = createRandom()
  let nowMs = 0
  let requestArrivesMs = 0
  let waiting: number[] = []
  let sumMs = 0
  let requests = 0
  const events = 200_000
  for (let count = 0; count < events; count++) {
    nowMs += (-Math.log(random()) * 1000) / eventsPerSecond
    if (waiting.length > 0 && nowMs > requestArrivesMs) {
      for (const publishedMs of waiting) sumMs += requestArrivesMs - publishedMs + roundTripMs / 2
      waiting = []
      requests += 1
      requestArrivesMs += roundTripMs
    }
    if (nowMs >= requestArrivesMs) {
      sumMs += roundTripMs / 2
      requests += 1
      requestArrivesMs = nowMs + roundTripMs
    } else waiting.push(nowMs)
  }
  return {
    meanMs: sumMs / (events - waiting.length),
    requestsPerEvent: requests / events,
    requestsPerSecond: (requests * 1000) / nowMs,
  }
}

/** Requests at intervals against Poisson arrivals. */
function simulateAtIntervals(pollIntervalMs: number, eventsPerSecond: number) {
  const random = createRandom()
  const events = 200_000
  const waitsMs: number[] = []
  let nowMs = 0
  let lastInterval = -1
  let filled = 0
  for (let count = 0; count < events; count++) {
    nowMs += (-Math.log(random()) * 1000) / eventsPerSecond
    const interval = Math.floor(nowMs / pollIntervalMs)
    if (interval !== lastInterval) filled += 1
    lastInterval = interval
    waitsMs.push((interval + 1) * pollIntervalMs - nowMs)
  }
  const meanMs = waitsMs.reduce((sum, ms) => sum + ms, 0) / events
  const variance = waitsMs.reduce((sum, ms) => sum + (ms - meanMs) ** 2, 0) / events
  const p95Ms = waitsMs.toSorted((one, other) => one - other)[events * 0.95] ?? Number.NaN
  return { meanMs, deviationMs: Math.sqrt(variance), p95Ms, emptyShare: 1 - filled / (lastInterval + 1) }
}

describe.each(TECHNIQUES.filter(isHeld))('%s', technique => {
  test.each([20, 100, 200])(
    'with a round trip of %i ms the gap costs what a simulation says',
    roundTripMs => {
      const simulated = simulateHeld(roundTripMs, PER_SECOND)
      const meanMs = predictMeanLatencyMs(technique, USAGE, at(roundTripMs))
      expect((meanMs ?? 0) / simulated.meanMs).toBeCloseTo(1, 2)
      const requests = predictRequestsPerEvent(technique, USAGE, at(roundTripMs))
      expect((requests ?? 0) / simulated.requestsPerEvent).toBeCloseTo(1, 2)
    },
  )

  test('rare events never fall into the gap, and frequent ones always', () => {
    const [few, many] = [1, 1000].map(eventsPerSecond =>
      predictMeanLatencyMs(technique, USAGE, { ...at(100), eventsPerSecond, scheduleLagMs: 1 }),
    )
    expect(few).toBeCloseTo(1 + 50 + 5, 0)
    expect(many).toBeCloseTo(1 + 100, 3)
  })

  test('theory says nothing where the phase does not vary', () => {
    expect(predictMeanLatencyMs(technique, { ...USAGE, timing: 'fixed' }, at(100))).toBeNull()
    expect(predictRequestsPerEvent(technique, { ...USAGE, timing: 'fixed' }, at(100))).toBeNull()
  })
})

describe.each(TECHNIQUES.filter(isStream))('%s', technique => {
  test('pays half the round trip', () => {
    expect(predictMeanLatencyMs(technique, USAGE, at(100))).toBe(50)
  })

  test('adds the schedule lag of the source', () => {
    expect(predictMeanLatencyMs(technique, USAGE, { ...at(100), scheduleLagMs: 1 })).toBe(51)
  })

  test('theory says nothing of its latency without a distance, and of its requests', () => {
    expect(predictMeanLatencyMs(technique, { ...USAGE, distanceMs: null }, at(0))).toBeNull()
    expect(predictMeanLatencyMs(technique, { ...USAGE, distanceMs: 0 }, at(1))).toBeNull()
    expect(predictRequestsPerEvent(technique, USAGE, at(100))).toBeNull()
  })
})

describe.each(TECHNIQUES.filter(asksAtIntervals))('%s', technique => {
  test('pays half the interval and half the round trip', () => {
    expect(predictMeanLatencyMs(technique, USAGE, at(100))).toBe(150)
  })

  test('adds the schedule lag of the source', () => {
    expect(predictMeanLatencyMs(technique, USAGE, { ...at(100), scheduleLagMs: 1 })).toBe(151)
  })

  test('sends its requests by the clock', () => {
    expect(predictRequestsPerEvent(technique, { ...USAGE, pollIntervalMs: 500 }, at(0))).toBeCloseTo(0.1)
    expect(predictRequestsPerEvent(technique, { ...USAGE, pollIntervalMs: 10 }, at(0))).toBeCloseTo(5)
  })
})

test('the wait for a request at intervals is spread as a simulation says, and so are the empty answers', () => {
  const wait = intervalWait(200)
  const simulated = simulateAtIntervals(200, 10)
  expect(wait.meanMs / simulated.meanMs).toBeCloseTo(1, 2)
  expect(wait.deviationMs / simulated.deviationMs).toBeCloseTo(1, 2)
  expect(wait.p95Ms / simulated.p95Ms).toBeCloseTo(1, 2)
  expect(emptyShareAtIntervals(200, 10)).toBeCloseTo(simulated.emptyShare, 2)
})

test('without a round trip there is no gap', () => {
  expect(longPollGap(20, 0)).toEqual({ share: 0, eventsPerCycle: 1 })
})

test.each([
  [1000, 50],
  [200, 100],
  [1000, 999],
])(
  'at the crossover for T = %i ms and R = %i ms both send the same number of requests',
  (pollIntervalMs, roundTripMs) => {
    const eventsPerSecond = requestCrossoverPerSecond(pollIntervalMs, roundTripMs) ?? Number.NaN
    const { requestsPerSecond } = simulateHeld(roundTripMs, eventsPerSecond)
    expect((requestsPerSecond * pollIntervalMs) / 1000).toBeCloseTo(1, 2)
  },
)

test('without a round trip the crossover is one event per interval; without a rest there is none', () => {
  expect(requestCrossoverPerSecond(500, 0)).toBe(2)
  expect(requestCrossoverPerSecond(100, 100)).toBeNull()
})

test('each sentinel waits on its own, each event only where it may fall anywhere', () => {
  const axes = { windowMs: 1_000, pollIntervalMs: 200, eventsPerSecond: 20, sentinels: 10, readers: 10 }
  expect(independentWaits(axes, 20)).toBe(200)
  expect(independentWaits({ ...axes, eventsPerSecond: 0.1 }, 2)).toBe(10)
  expect(independentWaits({ ...axes, windowMs: 100 }, 2)).toBe(10)
})
