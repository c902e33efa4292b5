import { expect, test } from 'vitest'
import { RETRY_POLICY, retryDelayMs } from './retry-policy.ts'

const ALMOST_ONE = 1 - Number.EPSILON

test('the range doubles with each failure until it is 30 s', () => {
  const mostMs = [0, 1, 2, 3, 4, 5, 6, 100].map(attempt => retryDelayMs(RETRY_POLICY, attempt, 0, ALMOST_ONE))
  expect(mostMs.map(Math.round)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})

test('the jitter is full: every delay of the range is as likely as any other', () => {
  expect(retryDelayMs(RETRY_POLICY, 3, 0, 0.5)).toBe(4000)
  expect(retryDelayMs(RETRY_POLICY, 3, 0, 0.125)).toBe(1000)
})

test('no delay is shorter than 250 ms', () => {
  expect(retryDelayMs(RETRY_POLICY, 0, 0, 0)).toBe(250)
  expect(retryDelayMs(RETRY_POLICY, 20, 0, 0)).toBe(250)
})

test('what the server demands is a floor, and not an addition', () => {
  expect(retryDelayMs(RETRY_POLICY, 0, 2140, 0.9)).toBe(2140)
  expect(retryDelayMs(RETRY_POLICY, 4, 2140, 0.5)).toBe(8000)
})

test('no server can keep a reader away for longer than an hour', () => {
  expect(retryDelayMs(RETRY_POLICY, 0, Number.POSITIVE_INFINITY, 0)).toBe(3_600_000)
})
