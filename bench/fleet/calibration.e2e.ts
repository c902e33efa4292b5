import { expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { type FleetUse, measureFleetCosts, type UnknownCost } from './calibration.ts'

const PINNING = { serverCore: null, loadCore: null, description: 'none' } as const
const SHAPE = { readers: 20, sentinels: 5, payloadBytes: 128, connectAtOnce: 5 }

test.each(TECHNIQUES)(
  '%s: what a read and an event cost the fleet is measured',
  { timeout: 60_000 },
  async technique => {
    const use: FleetUse = { technique, shape: SHAPE }
    const unknown: UnknownCost[] = []
    const costs = await measureFleetCosts([use, use], PINNING, AbortSignal.timeout(50_000), cost => {
      unknown.push(cost)
    })
    expect(unknown).toEqual([])
    const { perReadUs = 0, perEventUs = 0 } = costs.of(use) ?? {}
    expect(Math.min(perReadUs, perEventUs)).toBeGreaterThanOrEqual(0)
    expect(perReadUs + perEventUs).toBeGreaterThan(0)
  },
)

test('what cannot be measured is reported at once, and has no cost', {
  timeout: 60_000,
}, async () => {
  const reported: UnknownCost[] = []
  const impossible: FleetUse = {
    technique: TECHNIQUES[0],
    shape: { ...SHAPE, payloadBytes: Number.MAX_SAFE_INTEGER },
  }
  const costs = await measureFleetCosts([impossible], PINNING, AbortSignal.timeout(50_000), cost => {
    reported.push(cost)
  })
  expect(costs.of(impossible)).toBeUndefined()
  expect(reported).toEqual([
    { readers: expect.stringContaining(impossible.technique), error: expect.stringMatching(/./) },
  ])
})
