import { expect, test } from 'vitest'
import { knownRun } from './known-run.ts'
import { olderRun, syntheticRun } from './testing/synthetic-run.ts'

test('a run of the present schema is taken as it is', () => {
  const run = syntheticRun()
  expect(knownRun(run)).toEqual({ ...run, age: 'present' })
})

test('what a run of an older schema lacks is empty, and what it has stays', () => {
  const older = knownRun(olderRun())
  expect(older).toMatchObject({ age: 'older', schema: 1, comparisons: [], bands: [] })
  expect(older.summary.length).toBeGreaterThan(0)
  expect(older.summary.every(({ at, interval }) => at === null && interval === null)).toBe(true)
  expect(older.trials.every(({ at, twin }) => at === null && twin === false)).toBe(true)
})

test('a run with nothing in it, and one of a schema to come, are runs as well', () => {
  expect(knownRun({})).toMatchObject({ age: 'older', summary: [], trials: [], provenance: {} })
  expect(knownRun({ ...syntheticRun(), schema: 99 }).age).toBe('newer')
})

test.each([5, 'x', null, true, {}, [5, null, 'x', []]])(
  'an odd %j in the place of anything is survived',
  odd => {
    const names = Object.keys(syntheticRun()).filter(name => name !== 'complete')
    for (const name of names) {
      const run = knownRun({ ...syntheticRun(), [name]: odd } as object)
      for (const list of [run.summary, run.comparisons, run.bands, run.trials]) {
        expect(Array.isArray(list)).toBe(true)
        for (const row of list) expect(row).toBeTypeOf('object')
      }
      for (const given of [run.id, run.startedAt, run.tier, ...run.caveats])
        expect(given).toBeTypeOf('string')
      expect(Object.keys({ ...run.provenance, ...run.questions })).not.toContain('0')
      expect(run.schema).toBeTypeOf('number')
    }
  },
)
