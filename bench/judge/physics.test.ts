import { expect, test } from 'vitest'
import { withPhysics } from './physics.ts'
import { trialOf } from './simulate-trials.ts'
import { summarize } from './summary.ts'

const floor = trialOf({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 8 } })
const broadcast = (p50Ms: number) =>
  trialOf({ axes: { readers: 200 }, values: { 'latency-p50': p50Ms, 'cpu-per-delivery': 9 } })

test('a broadcast that is faster than its writes can be made has no latency, and is told why', () => {
  const trials = withPhysics([broadcast(0.3), floor])
  expect(trials[0]?.verdict).toBe('refused')
  expect(trials[0]?.reasons[0]).toMatch(/^Physics violated/)
  const rows = summarize(trials, 1)
  expect(rows.find(({ metric }) => metric === 'latency-p50')?.value).toBeNull()
  expect(rows.find(({ metric, arm }) => metric === 'cpu-per-delivery' && arm === 'sse')?.value).toBe(9)
})

test('one that takes its time is left alone', () => {
  expect(withPhysics([broadcast(0.5), floor])[0]).toMatchObject({ verdict: 'ok', reasons: [] })
})

test('without a floor there is nothing to hold it against', () => {
  expect(withPhysics([broadcast(0.3)])).toEqual([broadcast(0.3)])
  expect(withPhysics([broadcast(0.3), { ...floor, as: 'websocket' }])[0]?.checks).toEqual([])
})

test('in a sweep it is held against the floor of its own place', () => {
  const few = { ...floor, at: '10 readers', values: { 'cpu-per-delivery': 40 } }
  const many = { ...floor, at: '200 readers' }
  const trials = withPhysics([{ ...broadcast(0.5), at: '200 readers' }, few, few, many])
  expect(trials[0]).toMatchObject({ verdict: 'ok' })
  expect(withPhysics([broadcast(0.5), few, few, many])[0]).toMatchObject({ verdict: 'refused' })
})
