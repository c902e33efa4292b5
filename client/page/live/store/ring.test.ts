import { expect, test } from 'vitest'
import { createRing } from './ring.ts'

test('the newest entry has index 0, and the oldest make room', () => {
  const ring = createRing(3, ['seq', 'at'])
  for (const seq of [1, 2, 3, 4]) ring.push({ seq, at: seq * 10 })
  expect(ring.length).toBe(3)
  expect([0, 1, 2, 3].map(index => ring.get(index, 'seq'))).toEqual([4, 3, 2, Number.NaN])
  expect(ring.get(2, 'at')).toBe(20)
})

test('an entry can be completed after it was pushed', () => {
  const ring = createRing(2, ['start', 'end'])
  ring.push({ start: 1, end: Number.NaN })
  ring.set(0, 'end', 5)
  ring.set(1, 'end', 9)
  expect(ring.get(0, 'end')).toBe(5)
  expect(ring.length).toBe(1)
})

test('a cleared ring keeps nothing', () => {
  const ring = createRing(2, ['seq'])
  ring.push({ seq: 1 })
  ring.clear()
  expect(ring.length).toBe(0)
  expect(ring.get(0, 'seq')).toBeNaN()
})
