import { expect, test } from 'vitest'
import { createTimeBins } from './time-bins.ts'

test('values of one span are counted and averaged together', () => {
  const bins = createTimeBins(250, 4)
  bins.add(1_000, 2)
  bins.add(1_249.9, 4)
  bins.add(1_250, 100)
  expect(bins.countAt(1_100)).toBe(2)
  expect(bins.meanAt(1_100)).toBe(3)
  expect(bins.countAt(1_300)).toBe(1)
})

test('an empty span has no mean', () => {
  expect(createTimeBins(250, 4).meanAt(1_000)).toBeNaN()
})

test('a span that was overwritten counts as empty, and a straggler for it does not disturb the newer one', () => {
  const bins = createTimeBins(100, 3)
  bins.add(0, 1)
  bins.add(300, 7)
  expect(bins.countAt(0)).toBe(0)
  bins.add(50, 1)
  expect(bins.meanAt(300)).toBe(7)
})

test('a stretch is summed up from its first bin up to, but without, its last', () => {
  const bins = createTimeBins(100, 20)
  for (const atMs of [50, 150, 250, 350]) bins.add(atMs, atMs)
  expect(bins.between(100, 300)).toEqual({ count: 2, mean: 200 })
  expect(bins.between(0, 1_000)).toEqual({ count: 4, mean: 200 })
  expect(bins.between(1_000, 1_500)).toEqual({ count: 0, mean: Number.NaN })
})
