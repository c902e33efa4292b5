import { expect, test } from 'vitest'
import { positionOf, SLIDER_STEPS, valueAt } from './slider.ts'

const rate = { min: 0.2, max: 1_000, zero: true }
const interval = { min: 100, max: 30_000, zero: false }

test('the ends are exact, and zero has a position of its own', () => {
  expect(valueAt(rate, 0)).toBe(0)
  expect(valueAt(rate, 1)).toBe(0.2)
  expect(valueAt(rate, SLIDER_STEPS)).toBe(1_000)
  expect(valueAt(interval, 0)).toBe(100)
  expect(valueAt(interval, SLIDER_STEPS)).toBe(30_000)
})

test('every step to the right is at least as much', () => {
  for (const range of [rate, interval]) {
    for (let position = 1; position <= SLIDER_STEPS; position++) {
      expect(valueAt(range, position)).toBeGreaterThanOrEqual(valueAt(range, position - 1))
    }
  }
})

test('a value has a position that stands for it, within the rounding to two digits', () => {
  for (const value of [0.2, 0.5, 1, 2, 20, 60, 1_000]) {
    expect(valueAt(rate, positionOf(rate, value)) / value).toBeCloseTo(1, 1)
  }
  expect(positionOf(rate, 0)).toBe(0)
})

test('values outside the range are at its ends', () => {
  expect(positionOf(rate, 50_000)).toBe(SLIDER_STEPS)
  expect(positionOf(interval, 1)).toBe(0)
})
