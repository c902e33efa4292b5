import { expect, test } from 'vitest'
import { createLatencySamples } from './latency-samples.ts'

test('percentiles are values that occurred, by nearest rank', () => {
  const samples = createLatencySamples()
  for (let index = 1; index <= 100; index++) samples.add(1_000 + index, 1_000)
  expect(samples.summarise(0)).toMatchObject({ count: 100, meanMs: 50.5, p50Ms: 50, p99Ms: 99 })
})

test('only what was received since the instant counts', () => {
  const samples = createLatencySamples()
  samples.add(1_500, 1_000)
  samples.add(2_010, 2_000)
  samples.add(2_120, 2_100)
  expect(samples.summarise(2_000)).toMatchObject({ count: 2, instants: 2, meanMs: 15, p50Ms: 10, p99Ms: 20 })
  expect(samples.summarise(3_000)).toBeNull()
})

test('a burst is one instant, and what chance may do to the median shrinks with instants, not with events', () => {
  const burst = createLatencySamples()
  const spread = createLatencySamples()
  for (let index = 1; index <= 100; index++) {
    burst.add(1_000 + index, 1_000)
    spread.add(1_000 * index + index, 1_000 * index)
  }
  expect(burst.summarise(0)?.instants).toBe(1)
  expect(burst.summarise(0)?.medianErrorMs).toBeCloseTo(1.57 * 50)
  expect(spread.summarise(0)?.medianErrorMs).toBeCloseTo(1.57 * 5)
})
