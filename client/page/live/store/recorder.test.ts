import { expect, test } from 'vitest'
import { createRecorder } from './recorder.ts'

function recorderOf(latenciesMs: readonly number[], capacity?: number) {
  const recorder = createRecorder(capacity)
  for (const [index, latencyMs] of latenciesMs.entries()) recorder.record(index, index - latencyMs)
  return recorder
}

test('an empty recorder has no summary, not one of zeros', () => {
  expect(createRecorder().summarise()).toBeNull()
  expect(recorderOf([1, 2]).summarise(2)).toBeNull()
})

test('a single sample is every percentile', () => {
  const summary = { count: 1, meanMs: 7, p50Ms: 7, p90Ms: 7, p99Ms: 7, maxMs: 7 }
  expect(recorderOf([7]).summarise()).toMatchObject(summary)
})

test('percentiles are the nearest rank: samples that occurred, never a value between two', () => {
  // n = 5: ⌈0.5·5⌉ = 3rd, ⌈0.9·5⌉ = 5th, ⌈0.99·5⌉ = 5th smallest.
  expect(recorderOf([50, 15, 40, 20, 35]).summarise()).toMatchObject({
    count: 5,
    meanMs: 32,
    p50Ms: 35,
    p90Ms: 50,
    p99Ms: 50,
    maxMs: 50,
  })
  // n = 4: ⌈0.5·4⌉ = 2nd. An interpolating median would be 25.
  expect(recorderOf([10, 20, 30, 40]).summarise()?.p50Ms).toBe(20)
})

test('of the numbers 1 to 200 the percentiles are 100, 180, 198 and 200', () => {
  const numbers = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect(recorderOf(numbers).summarise()).toMatchObject({
    count: 200,
    meanMs: 100.5,
    p50Ms: 100,
    p90Ms: 180,
    p99Ms: 198,
    maxMs: 200,
  })
})

test('samples are compared as numbers and not as text', () => {
  expect(recorderOf([9, 10, 100]).summarise()?.p50Ms).toBe(10)
})

test('only the newest are kept once the ring is full', () => {
  const recorder = recorderOf([1000, 1, 2, 3], 3)
  expect(recorder.summarise()).toMatchObject({ count: 3, meanMs: 2, maxMs: 3 })
})

test('a window looks at what was taken since an instant, its own included', () => {
  const recorder = recorderOf([10, 20, 30, 40])
  expect(recorder.summarise(2)).toMatchObject({ count: 2, p50Ms: 30, maxMs: 40 })
  expect(recorder.summarise(0)).toMatchObject({ count: 4 })
})

test('a window is right also where the ring has come round', () => {
  const recorder = recorderOf([1, 2, 3, 4, 5], 3)
  expect(recorder.summarise(3)).toMatchObject({ count: 2, p50Ms: 4, maxMs: 5 })
})

test('a summary leaves the samples as they were', () => {
  const recorder = recorderOf([3, 1, 2])
  recorder.summarise()
  expect(recorder.summarise(1)).toMatchObject({ count: 2, meanMs: 1.5 })
})

test('what cannot be a latency is in no summary', () => {
  const recorder = recorderOf([5, -3_600_000, Number.NaN, Number.POSITIVE_INFINITY, 0])
  expect(recorder.summarise()).toMatchObject({ count: 2, meanMs: 2.5, maxMs: 5 })
})

test('a little below zero is kept: to drop one half of the clocks’ uncertainty would flatter the rest', () => {
  const recorder = recorderOf([-0.25, 0.25])
  expect(recorder.summarise()).toMatchObject({ count: 2, meanMs: 0 })
})

test('a burst is one instant, and what chance may do to the median shrinks with instants, not with events', () => {
  const burst = createRecorder()
  const spread = createRecorder()
  for (let index = 1; index <= 100; index++) {
    burst.record(1_000 + index, 1_000)
    spread.record(1_000 * index + index, 1_000 * index)
  }
  expect(burst.summarise()?.instants).toBe(1)
  expect(burst.summarise()?.medianErrorMs).toBeCloseTo(1.57 * 50)
  expect(spread.summarise()?.medianErrorMs).toBeCloseTo(1.57 * 5)
})
