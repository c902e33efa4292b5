import { expect, test } from 'vitest'
import { higherIsBetter, metricName, picturedOf, subjectOf } from './metric.ts'

test('a metric is read by its name, also one that nobody has heard of', () => {
  expect(['latency-p99', 'burst-p50', 'connect-p50', 'completeness'].map(subjectOf)).toEqual(
    Array(4).fill('lateness'),
  )
  expect(['schedule-lag-max', 'delivery-p99', 'return-p90'].map(subjectOf)).toEqual(Array(3).fill('lateness'))
  expect(subjectOf('cpu-per-return')).toBe('cost')
  expect(['cpu-per-delivery', 'capacity-cpu', 'idle-cpu', 'times-floor'].map(subjectOf)).toEqual(
    Array(4).fill('cost'),
  )
  expect(['wire-up', 'requests-per-event', 'idle-bytes'].map(subjectOf)).toEqual(Array(3).fill('wire'))
  expect(subjectOf('capacity-deliveries')).toBe('rate')
  expect(subjectOf('moon-phase')).toBe('rest')
  expect(['cpu-per-delivery', 'times-floor', 'moon-phase'].map(metricName)).toEqual([
    'CPU per delivery',
    'CPU ÷ floor',
    'moon phase',
  ])
})

test('more is better of rates and completeness, less of everything else', () => {
  expect(['throughput-full', 'capacity-events', 'completeness'].map(higherIsBetter)).toEqual([
    true,
    true,
    true,
  ])
  expect(['capacity-cpu', 'latency-p50', 'moon-phase'].map(higherIsBetter)).toEqual([false, false, false])
})

test('three metrics at most are pictured, the telling ones first', () => {
  expect(
    picturedOf(['wire-down', 'wire-up', 'cpu-per-delivery', 'latency-p50', 'memory-per-connection']),
  ).toEqual(['latency-p50', 'cpu-per-delivery', 'memory-per-connection'])
  expect(picturedOf(['moon-phase'])).toEqual(['moon-phase'])
})
