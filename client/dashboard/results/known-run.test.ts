import { expect, test } from 'vitest'
import { knownRun } from './known-run.ts'
import { olderRun, syntheticRun } from './synthetic-run.ts'

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
