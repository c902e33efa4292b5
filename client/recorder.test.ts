import { expect, test } from 'vitest'
import { createRecorder, logEdges, nearestRank } from './recorder.ts'

function recorderOf(latenciesMs: readonly number[], capacity?: number) {
  const recorder = createRecorder(capacity)
  for (const [index, latencyMs] of latenciesMs.entries()) recorder.record(index, latencyMs)
  return recorder
}

test('an empty recorder has no summary, not one of zeros', () => {
  expect(createRecorder().summarise()).toBeNull()
  expect(recorderOf([1, 2]).summarise(2)).toBeNull()
})

test('a single sample is every percentile', () => {
  const summary = { count: 1, meanMs: 7, p50Ms: 7, p90Ms: 7, p99Ms: 7, maxMs: 7 }
  expect(recorderOf([7]).summarise()).toEqual(summary)
})

test('percentiles are the nearest rank: samples that occurred, never a value between two', () => {
  // n = 5: ⌈0.5·5⌉ = 3rd, ⌈0.9·5⌉ = 5th, ⌈0.99·5⌉ = 5th smallest.
  expect(recorderOf([50, 15, 40, 20, 35]).summarise()).toEqual({
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
  expect(recorderOf(numbers).summarise()).toEqual({
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

test('a latency below zero is counted as invalid and never shown', () => {
  const recorder = recorderOf([5, -3_600_000, Number.NaN, Number.POSITIVE_INFINITY, 0])
  expect(recorder.invalid).toBe(3)
  expect(recorder.summarise()).toMatchObject({ count: 2, meanMs: 2.5, maxMs: 5 })
})

test('clearing forgets the samples and the invalid ones', () => {
  const recorder = recorderOf([5, -1])
  recorder.clear()
  expect(recorder.summarise()).toBeNull()
  expect(recorder.invalid).toBe(0)
  recorder.record(0, 8)
  expect(recorder.summarise()).toMatchObject({ count: 1, maxMs: 8 })
})

test('a histogram counts each sample once: an edge belongs to the bucket above it, the last bucket is open', () => {
  const recorder = recorderOf([0, 0.9, 1, 9.99, 10, 500])
  expect(recorder.histogram([0, 1, 10])).toEqual([2, 2, 2])
  expect(recorder.histogram([0, 1, 10], 4)).toEqual([0, 0, 2])
})

test('logarithmic edges begin at zero and grow by one factor', () => {
  expect(logEdges(1, 100, 1)).toEqual([0, 1, 10, 100])
  expect(logEdges(1, 100, 2).map(edge => Math.round(edge * 100) / 100)).toEqual([0, 1, 3.16, 10, 31.62, 100])
})

test('the nearest rank of nothing is not a number', () => {
  expect(nearestRank(new Float64Array(), 0.5)).toBeNaN()
})
