import { expect, test } from 'vitest'
import { SCENARIOS } from './scenarios/table.ts'
import { runTrial } from './trial.ts'

test('a floor runs at the place of the sweep that its technique runs at', { timeout: 30_000 }, async () => {
  const delivery = SCENARIOS.find(({ id }) => id === 'delivery')
  if (delivery?.kind !== 'delivery') throw new Error('the delivery scenario is of another kind')
  const axes = { ...delivery.axes.quick, eventsPerSecond: 40, idleMs: 50, warmUpMs: 200, windowMs: 500 }
  const trial = await runTrial(
    { scenario: { ...delivery, axes: { ...delivery.axes, quick: axes } }, tier: 'quick', block: 1, turn: 1 },
    {
      plan: { arm: 'tcp', as: 'sse', at: { axis: 'readers', value: 3 } },
      floor: { kind: 'tcp', base64: Buffer.from('data: x\n\n').toString('base64') },
      seed: 1,
      pinning: { serverCore: null, loadCore: null, description: 'none' },
      signal: AbortSignal.timeout(25_000),
    },
  )
  expect(trial, JSON.stringify(trial.reasons)).toMatchObject({
    at: { axis: 'readers', value: 3 },
    axes: { readers: 3 },
  })
  expect(trial.publishes).toBeGreaterThan(0)
  expect(trial.raw['after']).toMatchObject({ counts: { readers: 3 } })
  expect(trial.checks).toContainEqual(expect.objectContaining({ code: 'lossy', value: 0, verdict: 'ok' }))
})
