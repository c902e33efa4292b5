import { expect, test } from 'vitest'
import { check, checkBytes, checkComplete, checkConnections } from './checks.ts'
import type { Trial } from './result.ts'
import { summarize } from './summary.ts'
import { trialOf } from './testing/simulated-run.ts'

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
  expect(row?.reasons).toMatchObject([{ code: 'lossy', params: { expected: 10_000, lost: 1 } }])
})

test('a figure that lost one of its trials is flagged and counts the others', () => {
  const values = { 'cpu-per-delivery': 5 }
  const row = find(
    [trial({ values }), trial({ block: 2, values, checks: [lossy] })],
    'sse',
    'cpu-per-delivery',
  )
  expect(row).toMatchObject({ value: 5, n: 1, verdict: 'flagged' })
  expect(row?.reasons[0]).toEqual({ code: 'trials-left-out', params: { left: 1, trials: 2 } })
})

test('a failed trial is a row with its reason', () => {
  const reasons = [{ code: 'trial-failed', params: { detail: 'the server ended' } }]
  const failed = trial({ verdict: 'failed', reasons })
  expect(summarize([failed], 1)).toContainEqual(
    expect.objectContaining({
      arm: 'sse',
      metric: 'any',
      value: null,
      verdict: 'failed',
      reasons,
    }),
  )
})

test('bytes that disagree refuse the wire and nothing else', () => {
  const values = { 'wire-down': 200, 'cpu-per-delivery': 8 }
  const trials = [trial({ values, checks: [checkBytes('down', 100, 200)] })]
  expect(find(trials, 'sse', 'wire-down')?.verdict).toBe('refused')
  expect(find(trials, 'sse', 'cpu-per-delivery')?.verdict).toBe('ok')
})

test('a throttled load process flags first, then prints no number', () => {
  const at = (utilization: number) =>
    find(
      [
        trial({
          values: { 'latency-max': 3 },
          checks: [check('generator-bound', utilization, { share: utilization })],
        }),
      ],
      'sse',
      'latency-max',
    )
  expect(at(0.69)).toMatchObject({ value: 3, verdict: 'ok' })
  expect(at(0.7)).toMatchObject({ value: 3, verdict: 'flagged' })
  expect(at(0.85)).toMatchObject({ value: null, verdict: 'refused' })
  expect(at(0.85)?.reasons).toEqual([{ code: 'generator-bound', params: { share: 0.85 } }])
})

test('the ratio to the floor is taken within each block', () => {
  const own = [10, 40].map((us, index) => trial({ block: index + 1, values: { 'cpu-per-delivery': us } }))
  const floor = [5, 40].map((us, index) =>
    trial({ arm: 'tcp', as: 'sse', block: index + 1, values: { 'cpu-per-delivery': us } }),
  )
  expect(find([...own, ...floor], 'sse', 'times-floor')).toMatchObject({ value: 1.5, low: 1, high: 2, n: 2 })
  expect(find([...own, ...floor], 'tcp', 'cpu-per-delivery')).toMatchObject({ as: 'sse', value: 22.5 })
})

test('a ratio below 1 is a doubt, no merit: nothing costs less than its floor', () => {
  const own = trial({ values: { 'cpu-per-delivery': 8 } })
  const floor = trial({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 10 } })
  expect(find([own, floor], 'sse', 'times-floor')).toMatchObject({
    value: 0.8,
    verdict: 'flagged',
    reasons: [{ code: 'below-floor', params: {} }],
  })
})

test('what answers requests is compared with its floor by answered request', () => {
  const values = { 'cpu-per-request': 60, 'cpu-per-delivery': 15 }
  const floor = trial({ arm: 'http', as: 'poll', values: { 'cpu-per-request': 40 } })
  expect(find([trial({ arm: 'poll', values }), floor], 'poll', 'times-floor')?.value).toBe(1.5)
})

test('without its floor a technique has no ratio', () => {
  const row = find([trial({ values: { 'cpu-per-delivery': 8 } })], 'sse', 'times-floor')
  expect(row).toMatchObject({
    value: null,
    verdict: 'refused',
    reasons: [{ code: 'floor-not-measured', params: {} }],
  })
})

test('a percentile is reported only with ten publishes beyond it', () => {
  const trials = (publishes: number) =>
    [1, 2].map(block =>
      trial({ block, publishes, values: { 'latency-p90': 5, 'latency-p99': 7, 'latency-max': 8 } }),
    )
  expect(find(trials(50), 'sse', 'latency-p90')?.value).toBe(5)
  expect(find(trials(49), 'sse', 'latency-p90')?.value).toBeNull()
  expect(find(trials(500), 'sse', 'latency-p99')?.value).toBe(7)
  expect(find(trials(499), 'sse', 'latency-p99')?.reasons[0]).toEqual({
    code: 'too-few-publishes',
    params: { publishes: 998, needed: 1_000 },
  })
  expect(find(trials(1), 'sse', 'latency-max')?.value).toBe(8)
})

test('the publishes of a refused trial count for no percentile', () => {
  const values = { 'latency-p90': 5, 'latency-p99': 7 }
  const trials = [
    trial({ publishes: 600, values }),
    trial({ block: 2, publishes: 600, values, checks: [lossy] }),
  ]
  expect(find(trials, 'sse', 'latency-p90')).toMatchObject({ value: 5, n: 1 })
  const row = find(trials, 'sse', 'latency-p99')
  expect(row).toMatchObject({ value: null, verdict: 'refused' })
  expect(row?.reasons).toEqual([{ code: 'too-few-publishes', params: { publishes: 600, needed: 1_000 } }])
})

test('a percentile whose trials were all refused says why they were', () => {
  const row = find(
    [trial({ publishes: 60, values: { 'latency-p99': 7 }, checks: [lossy] })],
    'sse',
    'latency-p99',
  )
  expect(row?.reasons).toEqual([{ code: lossy.code, params: lossy.params }])
})

test('places of a sweep come by their value, in whatever order they ran', () => {
  const trials = [10, 0, 2].map(value =>
    trial({ scenario: 'slow-reader', at: { axis: 'stalled', value }, values: { 'cut-after': 1 } }),
  )
  expect(summarize(trials, 1).map(({ at }) => at?.value)).toEqual([0, 2, 10])
})

test('a second axis of readers comes first', () => {
  const trials = [1_000, 20].flatMap(readers =>
    [50, 0].map(value => {
      const and = { axis: 'readers', value: readers }
      const at = { axis: 'distanceMs', value, and }
      return trial({ scenario: 'distance', at, axes: { readers }, values: { 'wire-down': 1 } })
    }),
  )
  expect(summarize(trials, 1).map(({ at }) => [at?.and?.value, at?.value])).toEqual([
    [20, 0],
    [20, 50],
    [1_000, 0],
    [1_000, 50],
  ])
})

test('an arm of which nothing was measured is refused if its trials were, and failed if one failed', () => {
  const refused = trial({
    verdict: 'refused',
    reasons: [{ code: 'no-rate-passed', params: { eventsPerSecond: 400 } }],
  })
  const failed = trial({
    block: 2,
    verdict: 'failed',
    reasons: [{ code: 'trial-failed', params: { detail: 'it broke' } }],
  })
  expect(summarize([refused], 1)).toMatchObject([
    { metric: 'any', verdict: 'refused', reasons: refused.reasons },
  ])
  expect(summarize([refused, failed], 1)).toMatchObject([
    { verdict: 'failed', reasons: [...refused.reasons, ...failed.reasons] },
  ])
})

test('a doubt of several trials is one reason, its numbers a range; that of the floor is one of its own', () => {
  const busy = (share: number) => [check('generator-bound', share, { share })]
  const values = { 'cpu-per-delivery': 12 }
  const trials = [0.71, 0.75].flatMap((share, index) => [
    trial({ block: index + 1, values, checks: busy(share) }),
    trial({ block: index + 1, arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 8 }, checks: busy(0.8) }),
  ])
  const own = { code: 'generator-bound', params: { share: { low: 0.71, high: 0.75 } } }
  expect(find(trials, 'sse', 'cpu-per-delivery')?.reasons).toEqual([own])
  expect(find(trials, 'sse', 'times-floor')?.reasons).toEqual([
    own,
    { code: 'generator-bound', params: { share: 0.8, of: 'floor' } },
  ])
})

test('a figure is a bound where a check that limits it was flagged, and only that figure', () => {
  const limited = [check('load-limits-capacity', 400, { eventsPerSecond: 400, serverFull: false })]
  const values = { 'capacity-events': 400, 'capacity-cpu': 9 }
  const row = (metric: string) =>
    find([trial({ scenario: 'capacity', values, checks: limited })], 'sse', metric)
  expect(row('capacity-events')).toMatchObject({ value: 400, bound: 'at-least', verdict: 'flagged' })
  expect(row('capacity-cpu')).toMatchObject({ value: 9, bound: null, verdict: 'ok' })
  const reading = check('reading-dominates', 0.9, { share: 0.9 })
  const burst = trial({ scenario: 'burst', publishes: 100, values: { 'burst-p50': 4 }, checks: [reading] })
  expect(find([burst], 'sse', 'burst-p50')?.bound).toBe('at-most')
  const refused = [reading, checkConnections(['ECONNRESET'])]
  expect(find([{ ...burst, checks: refused }], 'sse', 'burst-p50')?.bound).toBeNull()
})

test('a figure has an interval from three trials on, the same one for the same seed', () => {
  const trials = [9, 1, 4].map((us, index) => trial({ block: index + 1, values: { 'cpu-per-delivery': us } }))
  expect(find(trials, 'sse', 'cpu-per-delivery')?.interval).toEqual({ low: 1, high: 9 })
  expect(find(trials.slice(1), 'sse', 'cpu-per-delivery')?.interval).toBeNull()
  expect(summarize(trials, 5)).toEqual(summarize(trials, 5))
})

test('a host that takes the machine away refuses times, flags ratios of a block, and leaves counts alone', () => {
  const stolen = { checks: [check('host-steal', 0.11, { share: 0.11 })] }
  const own = trial({ values: { 'cpu-per-delivery': 12, 'wire-down': 216 }, ...stolen })
  const floor = trial({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 8 }, ...stolen })
  const row = (id: string) => find([own, floor], 'sse', id)
  expect(row('cpu-per-delivery')).toMatchObject({ value: null, verdict: 'refused' })
  expect(row('times-floor')).toMatchObject({ value: 1.5, verdict: 'flagged' })
  expect(row('wire-down')).toMatchObject({ value: 216, verdict: 'ok' })
})
