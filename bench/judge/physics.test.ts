import { expect, test } from 'vitest'
import { isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import { floorOf, REFERENCE_ARM } from '../scenarios/scenario.ts'
import { withPhysics } from './physics.ts'
import { summarize } from './summary.ts'
import { trialOf } from './testing/simulated-run.ts'

const OTHER =
  TECHNIQUES.find(technique => isStream(technique) && technique !== REFERENCE_ARM) ?? REFERENCE_ARM
const floor = trialOf({ arm: floorOf(REFERENCE_ARM), as: REFERENCE_ARM, values: { 'cpu-per-delivery': 8 } })
const broadcast = (p50Ms: number) =>
  trialOf({ axes: { readers: 200 }, values: { 'latency-p50': p50Ms, 'cpu-per-delivery': 9 } })

test('a broadcast that is faster than its writes can be made has no latency, and the reason', () => {
  const trials = withPhysics([broadcast(0.3), floor])
  expect(trials[0]?.verdict).toBe('refused')
  expect(trials[0]?.reasons).toMatchObject([
    { code: 'faster-than-writes', params: { p50Ms: 0.3, leastMs: 0.4 } },
  ])
  const rows = summarize(trials, 1)
  expect(rows.find(({ metric }) => metric === 'latency-p50')?.value).toBeNull()
  expect(rows.find(({ metric, arm }) => metric === 'cpu-per-delivery' && arm === REFERENCE_ARM)?.value).toBe(
    9,
  )
})

test('one that takes its time is left alone', () => {
  expect(withPhysics([broadcast(0.5), floor])[0]).toMatchObject({ verdict: 'ok', reasons: [] })
})

test('without a floor there is nothing to compare with', () => {
  expect(withPhysics([broadcast(0.3)])).toEqual([broadcast(0.3)])
  expect(withPhysics([broadcast(0.3), { ...floor, as: OTHER }])[0]?.checks).toEqual([])
})

test('in a sweep it is compared with the floor of its own place', () => {
  const few = { ...floor, at: { axis: 'readers', value: 10 }, values: { 'cpu-per-delivery': 40 } }
  const many = { ...floor, at: { axis: 'readers', value: 200 } }
  const trials = withPhysics([{ ...broadcast(0.5), at: { axis: 'readers', value: 200 } }, few, few, many])
  expect(trials[0]).toMatchObject({ verdict: 'ok' })
  expect(withPhysics([broadcast(0.5), few, few, many])[0]).toMatchObject({ verdict: 'refused' })
})
