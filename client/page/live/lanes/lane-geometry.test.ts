import { expect, test } from 'vitest'
import { LANE_WINDOW_MS } from '../store/windows.ts'
import { cellAlpha, type FlowMode, flowMode, railsOf, xAt } from './lane-geometry.ts'

test('now stands at the right edge and the oldest instant at the left', () => {
  expect(xAt(50_000, 50_000, 800)).toBe(800)
  expect(xAt(50_000 - LANE_WINDOW_MS, 50_000, 800)).toBe(0)
  expect(xAt(50_000 - LANE_WINDOW_MS / 2, 50_000, 800)).toBe(400)
})

test('single events are numbered up to 20 a second, dots up to 60, cells above', () => {
  const from = (present: FlowMode) => [5, 19, 20, 21, 60, 61, 1_000].map(rate => flowMode(rate, present))
  expect(from('numbered')).toEqual(['numbered', 'numbered', 'numbered', 'dots', 'dots', 'density', 'density'])
})

test('a rate that wavers around a limit does not flicker between two drawings', () => {
  expect(flowMode(58, 'density')).toBe('density')
  expect(flowMode(50, 'density')).toBe('dots')
  expect(flowMode(19, 'dots')).toBe('dots')
  expect(flowMode(16, 'dots')).toBe('numbered')
})

test('the rails leave room for the numbers', () => {
  const rails = railsOf(88)
  expect(rails.serverY).toBeLessThan(rails.browserY)
  expect(rails.numberY).toBeGreaterThan(rails.browserY)
  expect(rails.numberY).toBeLessThanOrEqual(88)
})

test('one event is visible beside a burst, and none is not', () => {
  expect(cellAlpha(0, 100)).toBe(0)
  expect(cellAlpha(1, 100)).toBeGreaterThan(0.2)
  expect(cellAlpha(100, 100)).toBe(1)
})
