import { expect, test } from 'vitest'
import { clockDriftMs, measureClockOffset } from './clock-offset.ts'

const SERVER_AHEAD_MS = 5_000

/** A server whose clock is ahead of ours, at the end of a link with these delays; time passes only on the link. */
function linkWith(delaysMs: readonly (readonly [there: number, back: number])[]) {
  let nowMs = 1_000
  let count = 0
  return {
    monotonicNs: () => BigInt(Math.round(nowMs * 1e6)),
    async readServerClock() {
      const [there, back] = delaysMs[count++ % delaysMs.length] ?? [0, 0]
      nowMs += there
      const reading = { at: nowMs + SERVER_AHEAD_MS, monotonicNs: '0' }
      nowMs += back
      return reading
    },
  }
}

/** By how much the server's clock is estimated to be ahead. */
async function measured(delaysMs: readonly (readonly [number, number])[]) {
  const { readServerClock, monotonicNs } = linkWith(delaysMs)
  const estimate = await measureClockOffset(readServerClock, monotonicNs)
  return { ...estimate, offsetMs: estimate.at - Number(estimate.monotonicNs) / 1e6 }
}

test('the fastest of many round trips gives the offset, and half of it the uncertainty', async () => {
  const { offsetMs, uncertaintyMs, roundTripMs } = await measured([
    [40, 2],
    [1, 1],
    [3, 90],
  ])
  expect(offsetMs).toBeCloseTo(SERVER_AHEAD_MS, 6)
  expect([uncertaintyMs, roundTripMs]).toEqual([1, 2])
})

test('a link that is slower one way misleads, but by no more than the uncertainty says', async () => {
  const { offsetMs, uncertaintyMs } = await measured([
    [9, 1],
    [30, 1],
  ])
  expect(Math.abs(offsetMs - SERVER_AHEAD_MS)).toBeLessThanOrEqual(uncertaintyMs)
  expect(uncertaintyMs).toBe(5)
})

test('clocks that run alike do not drift, and others by as much as they differ', () => {
  const before = { at: 1_000, monotonicNs: '5000000000' }
  expect(clockDriftMs(before, { at: 2_000, monotonicNs: '6000000000' })).toBe(0)
  expect(clockDriftMs(before, { at: 2_000.25, monotonicNs: '6000000000' })).toBe(0.25)
})
