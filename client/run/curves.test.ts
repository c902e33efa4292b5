import { expect, test } from 'vitest'
import type { Place } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { type Curve, hasCurves, readCurves } from './curves.ts'
import { BLOCKS, PUBLISHES, syntheticRun } from './testing/synthetic-run.ts'

const run = syntheticRun()
const near: Place = { axis: 'distanceMs', value: 0 }
const curvesOf = async (scenario: string, at: Place | null = null, trials = run.trials) =>
  (await readCurves({ trials }, scenario, at)).curves
const of = (technique: Technique, curves: readonly Curve[] = []) =>
  curves.find(curve => curve.technique === technique)

test('all trials of one technique make one curve, those refused and the twin left out', async () => {
  const curves = await curvesOf('delivery')
  // A trial of polling was refused.
  expect(
    curves.map(({ technique, trials, left, publishes }) => [technique, trials, left, publishes]),
  ).toEqual(
    TECHNIQUES.map(technique => {
      const refused = technique === 'poll' ? 1 : 0
      return [technique, BLOCKS - refused, refused, (BLOCKS - refused) * PUBLISHES]
    }),
  )
  // The refused trial of polling was a hundred times later, the twin of SSE ten seconds.
  expect(of('poll', curves)?.at(0.9)).toBeLessThan(200)
  expect(of('sse', curves)?.at(0.5)).toBeCloseTo(3.4, 1)
  expect(of('sse', curves)?.at(0.9)).toBeCloseTo(3.4 * Math.exp(1.2816 * 0.35), 1)
})

test('a curve ends where fewer than ten publishes lie beyond', async () => {
  const longPoll = of('long-poll', await curvesOf('delivery'))
  expect(longPoll?.ends).toBe((BLOCKS * PUBLISHES) / 10)
  expect(longPoll?.points.at(-1)?.beyond).toBeCloseTo(108, 6)
  expect(longPoll?.at(0.99)).toBeGreaterThan(longPoll?.at(0.5) ?? Number.NaN)
  expect(longPoll?.at(0.999)).toBeNull()
})

test('a curve only rises', async () => {
  for (const { points } of await curvesOf('delivery')) {
    const rises = points.every(({ ms, beyond }, index) => {
      const before = points[index - 1]
      return before === undefined || (ms >= before.ms && beyond > before.beyond)
    })
    expect(rises).toBe(true)
    expect(points.length).toBeGreaterThan(50)
  }
})

test('each place of a sweep has its own', async () => {
  const [here, far] = await Promise.all([near, { ...near, value: 50 }].map(at => curvesOf('distance', at)))
  expect(here?.map(({ publishes }) => publishes)).toEqual(TECHNIQUES.map(() => 100))
  expect(of('websocket', far)?.at(0.5)).toBeGreaterThan((of('websocket', here)?.at(0.5) ?? Number.NaN) + 40)
})

test('with too few publishes there is no line, and without histograms no picture', async () => {
  const few = run.trials.filter(({ arm }) => arm === 'sse').map(trial => ({ ...trial, publishes: 1 }))
  const [curve] = await curvesOf('delivery', null, few)
  expect(curve?.points).toEqual([])
  expect(curve?.at(0.5)).toBeNull()
  expect(hasCurves(run, 'delivery')).toBe(true)
  expect(hasCurves(run, 'connections')).toBe(false)
})

test('a trial is left out where a check that concerns latency refused it, as in the summary', async () => {
  const refusedBy = (concerns: 'all' | readonly string[]) =>
    run.trials.map(trial => ({
      ...trial,
      verdict: 'refused' as const,
      checks: trial.checks.map(check => ({ ...check, verdict: 'refused' as const, concerns })),
    }))
  const leftOut = async (concerns: 'all' | readonly string[]) =>
    of('sse', await curvesOf('delivery', null, refusedBy(concerns)))?.left
  expect(await leftOut(['wire-down'])).toBe(0)
  expect(await leftOut(['latency-p50'])).toBe(BLOCKS)
  expect(await leftOut('all')).toBe(BLOCKS)
})
