import { expect, test } from 'vitest'
import { hasCurves, readCurves } from './percentile-curve.ts'
import { BLOCKS, PUBLISHES, syntheticRun } from './testing/synthetic-run.ts'

const { trials } = syntheticRun()

test('all trials of one technique make one curve, those refused and the twin left out', async () => {
  const curves = await readCurves(trials, 'delivery', null)
  expect(
    curves.map(({ technique, trials, left, publishes }) => [technique, trials, left, publishes]),
  ).toEqual([
    ['poll', BLOCKS - 1, 1, (BLOCKS - 1) * PUBLISHES],
    ['long-poll', BLOCKS, 0, BLOCKS * PUBLISHES],
    ['sse', BLOCKS, 0, BLOCKS * PUBLISHES],
    ['websocket', BLOCKS, 0, BLOCKS * PUBLISHES],
  ])
  // The refused trial of polling was a hundred times later, the twin of SSE ten seconds.
  expect(curves[0]?.at(0.9)).toBeLessThan(200)
  expect(curves[2]?.at(0.5)).toBeCloseTo(3.4, 1)
  expect(curves[2]?.at(0.9)).toBeCloseTo(3.4 * Math.exp(1.2816 * 0.35), 1)
})

test('a curve ends where fewer than ten publishes lie beyond', async () => {
  const [, longPoll] = await readCurves(trials, 'delivery', null)
  expect(longPoll?.ends).toBe((BLOCKS * PUBLISHES) / 10)
  expect(longPoll?.points.at(-1)?.beyond).toBeCloseTo(108, 6)
  expect(longPoll?.at(0.99)).toBeGreaterThan(longPoll?.at(0.5) ?? Number.NaN)
  expect(longPoll?.at(0.999)).toBeNull()
})

test('a curve only rises', async () => {
  for (const { points } of await readCurves(trials, 'delivery', null)) {
    const rises = points.every(({ ms, beyond }, index) => {
      const before = points[index - 1]
      return before === undefined || (ms >= before.ms && beyond > before.beyond)
    })
    expect(rises).toBe(true)
    expect(points.length).toBeGreaterThan(50)
  }
})

test('each place of a sweep has its own', async () => {
  const [near, far] = await Promise.all(
    ['RTT 0 ms', 'RTT 100 ms'].map(at => readCurves(trials, 'distance', at)),
  )
  expect(near?.map(({ publishes }) => publishes)).toEqual([100, 100, 100, 100])
  expect(far?.[3]?.at(0.5)).toBeGreaterThan((near?.[3]?.at(0.5) ?? Number.NaN) + 40)
})

test('with too few publishes there is no line, and without histograms no picture', async () => {
  const few = trials.filter(({ arm }) => arm === 'sse').map(trial => ({ ...trial, publishes: 1 }))
  const [curve] = await readCurves(few, 'delivery', null)
  expect(curve?.points).toEqual([])
  expect(curve?.at(0.5)).toBeNull()
  expect(hasCurves(trials, 'delivery')).toBe(true)
  expect(hasCurves(trials, 'connections')).toBe(false)
})
