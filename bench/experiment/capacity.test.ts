import { expect, test } from 'vitest'
import { search } from './capacity.ts'

const probes = (limit: number) =>
  search(async rate => ({ rate, passed: rate <= limit }), { firstEventsPerSecond: 50, resolution: 0.05 })

test.each([50, 51, 99, 1_337, 60_000])('a limit of %d is found to 5 %%', async limit => {
  const found = await probes(limit)
  const best = found.filter(({ passed }) => passed).at(-1)?.rate ?? 0
  expect(best).toBeLessThanOrEqual(limit)
  expect(best).toBeGreaterThanOrEqual(limit * 0.95)
  expect(found.some(({ passed }) => !passed)).toBe(true)
})

test('a search that never fails, and one that never passes, come to an end', async () => {
  expect((await probes(Number.POSITIVE_INFINITY)).every(({ passed }) => passed)).toBe(true)
  expect((await probes(0)).some(({ passed }) => passed)).toBe(false)
})
