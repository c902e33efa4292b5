import { expect, test } from 'vitest'
import type { AnswerOutcome, KnownAnswersOutcome } from './outcome.ts'
import { knownAnswerBlocks } from './report-block.ts'

const OCCASION = { takenAt: '2026-01-01T10:20:30.000Z', commit: 'abc', dirty: false }

const BURN: AnswerOutcome = {
  id: 'burn',
  title: '5 µs of CPU burnt for each delivery',
  occasion: OCCASION,
  readings: [
    {
      title: 'server CPU per delivery',
      unit: 'µs',
      injected: 5,
      tolerance: 1,
      kind: 'effect',
      read: 5.204,
      interval: { low: 4.9, high: 5.4 },
      without: -0.021,
      pairs: 3,
      verdict: 'as injected',
    },
  ],
}
const OUTCOME: KnownAnswersOutcome = { answers: [BURN] }

const textOf = (...given: Parameters<typeof knownAnswerBlocks>) => JSON.stringify(knownAnswerBlocks(...given))

test('a report says what was injected, what was read with it and without, and what to make of it', () => {
  expect(knownAnswerBlocks(OUTCOME, 'abc').at(-1)).toMatchObject({
    rows: [
      [
        '5 µs of CPU burnt for each delivery',
        'server CPU per delivery, µs',
        '5 ± 1',
        '5.2',
        '-0.02',
        'as injected, 3 pairs',
      ],
    ],
  })
})

test('it says at which commit they were run, and if that is another one than was measured', () => {
  expect(textOf(OUTCOME, 'abc')).toContain('2026-01-01T10:20Z at commit abc.')
  expect(textOf(OUTCOME, 'def')).toContain('at commit abc, which is not the one that was measured.')
  const dirty = { answers: [{ ...BURN, occasion: { ...OCCASION, dirty: true } }] }
  expect(textOf(dirty, 'abc')).toContain('at commit abc, changed.')
})

test('answers that were read at different commits each say at which', () => {
  const later = { takenAt: '2026-01-02T11:00:00.000Z', commit: 'def', dirty: true }
  const text = textOf({ answers: [BURN, { ...BURN, id: 'pad', occasion: later }] }, 'abc')
  expect(text).toContain('Not all were read at the same commit: each says at which.')
  expect(text).toContain('"2026-01-01T10:20Z at commit abc"')
  expect(text).toContain('"2026-01-02T11:00Z at commit def, changed, which is not the one that was measured"')
})

test('an answer that is missing, failed or too noisy is shown as not read, and why', () => {
  const [reading] = BURN.readings
  const noisy: AnswerOutcome = {
    ...BURN,
    title: 'noise',
    readings: reading === undefined ? [] : [{ ...reading, verdict: 'too noisy', pairs: 12 }],
  }
  const missing = { ...BURN, title: 'a hole', occasion: null, readings: [] }
  const failed = { ...BURN, title: 'a stone', readings: [], failure: 'a trial failed: it broke' }
  const blocks = knownAnswerBlocks({ answers: [BURN, noisy, missing, failed] }, 'abc')
  expect(JSON.stringify(blocks)).toContain('3 of 4 were not read: noise; a hole; a stone.')
  const table = blocks.at(-1)
  expect(table?.kind === 'table' && table.rows.map(row => [row[0], row.at(-1)])).toEqual([
    ['5 µs of CPU burnt for each delivery', 'as injected, 3 pairs'],
    ['noise', 'not read: too noisy, 12 pairs'],
    ['a hole', 'not read: not run since the build'],
    ['a stone', 'not read: a trial failed: it broke'],
  ])
  expect(textOf(OUTCOME, 'abc')).not.toContain('not read')
})

test('a run from before each answer had its own commit has one for all', () => {
  const { occasion: _, ...answer } = BURN
  expect(textOf({ ...OCCASION, answers: [answer] }, 'abc')).toBe(textOf(OUTCOME, 'abc'))
})

test('known answers that were never run are said to be missing; a run from before there were any says nothing', () => {
  expect(textOf(null, 'abc')).toContain('were not run here')
  expect(knownAnswerBlocks(undefined, 'abc')).toEqual([])
})
