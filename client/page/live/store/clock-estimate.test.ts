import { expect, test } from 'vitest'
import { estimateClock, measureClockStep, type RoundTrip } from './clock-estimate.ts'

/** Deterministic numbers in 0…1 (mulberry32), so that a failure can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('the shown uncertainty covers the true error, however unequal the two directions are', () => {
  const random = seededRandom(7)
  const stepMs = 0.1
  const coarse = (ms: number) => Math.floor(ms / stepMs) * stepMs
  for (let simulation = 0; simulation < 1_000; simulation++) {
    const trueOffsetMs = (random() - 0.5) * 1e6
    const trips: RoundTrip[] = []
    for (let ping = 0; ping < 20; ping++) {
      const sentAt = ping * 10
      const thereMs = random() ** 3 * 40
      const backMs = random() ** 3 * 40
      trips.push({
        sentAt: coarse(sentAt),
        answeredAt: coarse(sentAt + thereMs + backMs),
        serverAt: sentAt + thereMs + trueOffsetMs,
      })
    }
    const estimate = estimateClock(trips, stepMs)
    const errorMs = Math.abs((estimate?.offsetMs ?? Number.NaN) - trueOffsetMs)
    expect(errorMs).toBeLessThanOrEqual((estimate?.uncertaintyMs ?? 0) + 1e-6)
  }
})

test('the quickest round trip decides', () => {
  const estimate = estimateClock(
    [
      { sentAt: 0, answeredAt: 30, serverAt: 1_025 },
      { sentAt: 40, answeredAt: 42, serverAt: 1_041 },
      { sentAt: 50, answeredAt: 60, serverAt: 1_051 },
    ],
    0.1,
  )
  expect(estimate).toEqual({ offsetMs: 1_000, uncertaintyMs: 1.1, bestRoundTripMs: 2 })
})

test('nothing is claimed before the first answer', () => {
  expect(estimateClock([], 0.1)).toBeNull()
})

test('the step of a coarse clock is found', () => {
  let reads = 0
  expect(measureClockStep(() => Math.floor(reads++ / 7) * 0.5)).toBe(0.5)
})
