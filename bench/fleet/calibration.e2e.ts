import { expect, test } from 'vitest'
import { type FleetUse, measureFleetCosts } from './calibration.ts'

const PINNING = { serverCore: null, loadCore: null, description: 'none' } as const

test('what cannot be measured is told at once, and kept for the run to say', {
  timeout: 60_000,
}, async () => {
  const said: string[] = []
  const impossible: FleetUse = {
    technique: 'sse',
    shape: { readers: 5, sentinels: 5, payloadBytes: Number.MAX_SAFE_INTEGER, connectAtOnce: 5 },
  }
  const costs = await measureFleetCosts([impossible], PINNING, AbortSignal.timeout(50_000), sentence => {
    said.push(sentence)
  })
  expect(costs.of(impossible)).toBeUndefined()
  expect(costs.unknown).toEqual([
    expect.stringMatching(/^What the fleet can take of sse, .* is not known, and not checked: .+\.$/),
  ])
  expect(said).toEqual(costs.unknown)
})
