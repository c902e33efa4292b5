import { expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatLatency,
  formatMs,
  formatRate,
  formatRatio,
  formatValue,
} from './format.ts'

test('milliseconds keep as many digits as they deserve, and become seconds at a thousand', () => {
  expect([0.4242, 4.24, 9.96, 541.4, 999.4, 999.6, 1_249, 26_300].map(formatMs)).toEqual([
    '0.42 ms',
    '4.2 ms',
    '10 ms',
    '541 ms',
    '999 ms',
    '1 s',
    '1.25 s',
    '26.3 s',
  ])
})

test('a latency below the uncertainty of the clock is a bound, not a number', () => {
  expect(formatLatency(0.1, 0.3)).toBe('< 0.3 ms')
  expect(formatLatency(-0.2, 0.3)).toBe('< 0.3 ms')
  expect(formatLatency(1.2, 0.3)).toBe('1.2 ms')
  expect(formatLatency(null, 0.3)).toBe('–')
})

test('what was not measured is a dash, never a zero', () => {
  expect([formatMs(Number.NaN), formatRatio(null), formatBytes(null)]).toEqual(['–', '–', '–'])
})

test('rates, counts, ratios and bytes carry separators and units', () => {
  expect([0.5, 2, 12.5, 1_000].map(formatRate)).toEqual(['0.5/s', '2/s', '12.5/s', '1,000/s'])
  expect(formatInterval(30_000)).toBe('30,000 ms')
  expect(formatCount(12_345)).toBe('12,345')
  expect([0.001, 0.034, 2.04, 31.4].map(formatRatio)).toEqual(['0', '0.03', '2.04', '31'])
  expect(formatBytes(1_130.4)).toBe('1,130 B')
  expect([0.012345, 8.5, 12_345.6].map(formatValue)).toEqual(['0.0123', '8.5', '12,346'])
})
