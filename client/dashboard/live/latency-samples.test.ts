import { expect, test } from 'vitest'
import { createLatencySamples } from './latency-samples.ts'

test('percentiles are values that occurred, by nearest rank', () => {
  const samples = createLatencySamples()
  for (let index = 1; index <= 100; index++) samples.add(1_000 + index, 1_000)
  expect(samples.summarise(0)).toEqual({ count: 100, instants: 1, meanMs: 50.5, p50Ms: 50, p99Ms: 99 })
})

test('only what was received since the instant counts', () => {
  const samples = createLatencySamples()
  samples.add(1_500, 1_000)
  samples.add(2_010, 2_000)
  samples.add(2_120, 2_100)
  expect(samples.summarise(2_000)).toEqual({ count: 2, instants: 2, meanMs: 15, p50Ms: 10, p99Ms: 20 })
  expect(samples.summarise(3_000)).toBeNull()
})
