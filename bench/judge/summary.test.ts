import { expect, test } from 'vitest'
import { checkBytes, checkComplete, checkLoadUtilization, checkSteal } from './checks.ts'
import type { Trial } from './result.ts'
import { trialOf } from './simulate-trials.ts'
import { summarize } from './summary.ts'

const trial = (changes: Partial<Trial>) => trialOf({ publishes: null, ...changes })

function find(trials: readonly Trial[], arm: string, metric: string) {
  return summarize(trials, 1).find(row => row.arm === arm && row.metric === metric)
}

const lossy = checkComplete({ expected: 10_000, delivered: 9_999, repeated: 0, disordered: 0 })

test('a figure is the median over trials, with the extremes as its spread', () => {
  const trials = [9, 1, 4].map((us, index) => trial({ block: index + 1, values: { 'cpu-per-delivery': us } }))
  expect(find(trials, 'sse', 'cpu-per-delivery')).toMatchObject({
    value: 4,
    low: 1,
    high: 9,
    n: 3,
    verdict: 'ok',
  })
})

test('one event dropped in ten thousand leaves no figure, and says so', () => {
  const row = find([trial({ values: { 'latency-p50': 1 }, checks: [lossy] })], 'sse', 'latency-p50')
  expect(row).toMatchObject({ value: null, n: 0, verdict: 'refused' })
  expect(row?.reasons[0]).toMatch(/lossy: of 10000 deliveries 1 lost/)
})

test('a figure that lost one of its trials is flagged and counts the others', () => {
  const values = { 'cpu-per-delivery': 5 }
  const row = find(
    [trial({ values }), trial({ block: 2, values, checks: [lossy] })],
    'sse',
    'cpu-per-delivery',
  )
  expect(row).toMatchObject({ value: 5, n: 1, verdict: 'flagged' })
  expect(row?.reasons[0]).toBe('1 of 2 trials are left out.')
})

test('a failed trial is a row with its reason', () => {
  const failed = trial({ verdict: 'failed', reasons: ['the server ended'] })
  expect(summarize([failed], 1)).toContainEqual(
    expect.objectContaining({
      arm: 'sse',
      metric: 'any',
      value: null,
      verdict: 'failed',
      reasons: ['the server ended'],
    }),
  )
})

test('a doubt about bytes refuses the wire and nothing else', () => {
  const values = { 'wire-down': 200, 'cpu-per-delivery': 8 }
  const trials = [trial({ values, checks: [checkBytes('down', 100, 200)] })]
  expect(find(trials, 'sse', 'wire-down')?.verdict).toBe('refused')
  expect(find(trials, 'sse', 'cpu-per-delivery')?.verdict).toBe('ok')
})

test('a throttled load process flags first, then prints no number', () => {
  const at = (utilization: number) =>
    find(
      [trial({ values: { 'latency-max': 3 }, checks: [checkLoadUtilization(utilization)] })],
      'sse',
      'latency-max',
    )
  expect(at(0.69)).toMatchObject({ value: 3, verdict: 'ok' })
  expect(at(0.7)).toMatchObject({ value: 3, verdict: 'flagged' })
  expect(at(0.85)).toMatchObject({ value: null, verdict: 'refused' })
  expect(at(0.85)?.reasons[0]).toMatch(/^generator-bound/)
})

test('the ratio to the floor is taken within each block', () => {
  const own = [10, 40].map((us, index) => trial({ block: index + 1, values: { 'cpu-per-delivery': us } }))
  const floor = [5, 40].map((us, index) =>
    trial({ arm: 'tcp', as: 'sse', block: index + 1, values: { 'cpu-per-delivery': us } }),
  )
  expect(find([...own, ...floor], 'sse', 'times-floor')).toMatchObject({ value: 1.5, low: 1, high: 2, n: 2 })
  expect(find([...own, ...floor], 'tcp', 'cpu-per-delivery-as-sse')).toMatchObject({ value: 22.5 })
})

test('a ratio below 1 is no merit: nothing costs less than its floor', () => {
  const own = trial({ values: { 'cpu-per-delivery': 8 } })
  const floor = trial({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 10 } })
  expect(find([own, floor], 'sse', 'times-floor')).toMatchObject({
    value: 0.8,
    verdict: 'flagged',
    reasons: [expect.stringMatching(/^Below its floor/)],
  })
})

test('polls are held against their floor by answered request', () => {
  const values = { 'cpu-per-request': 60, 'cpu-per-delivery': 15 }
  const floor = trial({ arm: 'http', as: 'poll', values: { 'cpu-per-request': 40 } })
  expect(find([trial({ arm: 'poll', values }), floor], 'poll', 'times-floor')?.value).toBe(1.5)
})

test('without its floor a technique has no ratio', () => {
  const row = find([trial({ values: { 'cpu-per-delivery': 8 } })], 'sse', 'times-floor')
  expect(row).toMatchObject({ value: null, verdict: 'refused' })
})

test('a percentile is said only with ten publishes beyond it', () => {
  const trials = (publishes: number) =>
    [1, 2].map(block =>
      trial({ block, publishes, values: { 'latency-p90': 5, 'latency-p99': 7, 'latency-max': 8 } }),
    )
  expect(find(trials(50), 'sse', 'latency-p90')?.value).toBe(5)
  expect(find(trials(49), 'sse', 'latency-p90')?.value).toBeNull()
  expect(find(trials(500), 'sse', 'latency-p99')?.value).toBe(7)
  expect(find(trials(499), 'sse', 'latency-p99')?.reasons[0]).toMatch(/too few publishes: 998 of the 1000/)
  expect(find(trials(1), 'sse', 'latency-max')?.value).toBe(8)
})

test('the publishes of a trial that was refused lie beyond no percentile', () => {
  const values = { 'latency-p90': 5, 'latency-p99': 7 }
  const trials = [
    trial({ publishes: 600, values }),
    trial({ block: 2, publishes: 600, values, checks: [lossy] }),
  ]
  expect(find(trials, 'sse', 'latency-p90')).toMatchObject({ value: 5, n: 1 })
  const row = find(trials, 'sse', 'latency-p99')
  expect(row).toMatchObject({ value: null, verdict: 'refused' })
  expect(row?.reasons[0]).toMatch(/too few publishes: 600 of the 1000/)
})

test('a percentile of which every trial was refused says why they were', () => {
  const row = find(
    [trial({ publishes: 60, values: { 'latency-p99': 7 }, checks: [lossy] })],
    'sse',
    'latency-p99',
  )
  expect(row?.reasons).toEqual([lossy.reason])
})

test('places of a sweep come in the order of the table, in whatever order they ran', () => {
  const trials = ['10 stopped', 'all read'].map(at =>
    trial({ scenario: 'slow-reader', at, values: { 'cut-after': 1 } }),
  )
  expect(summarize(trials, 1).map(({ at }) => at)).toEqual(['all read', '10 stopped'])
})

test('a sweep of readers comes by their number', () => {
  const trials = [1_000, 20, 200].map(readers =>
    trial({ at: `${readers.toLocaleString('en')} readers`, axes: { readers }, values: { 'wire-down': 1 } }),
  )
  const places = new Set(summarize(trials, 1).map(({ at }) => at))
  expect([...places]).toEqual(['20 readers', '200 readers', '1,000 readers'])
})

test('a figure has an interval from three trials on, the same one for the same seed', () => {
  const trials = [9, 1, 4].map((us, index) => trial({ block: index + 1, values: { 'cpu-per-delivery': us } }))
  expect(find(trials, 'sse', 'cpu-per-delivery')?.interval).toEqual({ low: 1, high: 9 })
  expect(find(trials.slice(1), 'sse', 'cpu-per-delivery')?.interval).toBeNull()
  expect(summarize(trials, 5)).toEqual(summarize(trials, 5))
})

test('a host that takes the machine away refuses times, flags ratios of a block, and leaves counts alone', () => {
  const stolen = { checks: [checkSteal(0.11)] }
  const own = trial({ values: { 'cpu-per-delivery': 12, 'wire-down': 216 }, ...stolen })
  const floor = trial({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 8 }, ...stolen })
  const row = (id: string) => find([own, floor], 'sse', id)
  expect(row('cpu-per-delivery')).toMatchObject({ value: null, verdict: 'refused' })
  expect(row('times-floor')).toMatchObject({ value: 1.5, verdict: 'flagged' })
  expect(row('wire-down')).toMatchObject({ value: 216, verdict: 'ok' })
})
