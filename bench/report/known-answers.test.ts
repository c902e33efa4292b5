import { expect, test } from 'vitest'
import { ANSWERS, type AnswerOutcome, type KnownAnswersOutcome } from '../known-answers/outcome.ts'
import { knownAnswerBlocks } from './known-answers.ts'

const OCCASION = { takenAt: '2026-01-01T10:20:30.000Z', commit: 'abc', dirty: false }

const BURN: AnswerOutcome = {
  id: 'burn',
  params: ANSWERS.burn,
  occasion: OCCASION,
  failure: null,
  readings: [
    {
      of: 'cpu-per-delivery',
      unit: 'µs',
      injected: 5,
      tolerance: 1,
      kind: 'effect',
      read: 5.204,
      interval: { low: 4.9, high: 5.4 },
      without: -0.021,
      pairs: 3,
      verdict: 'as-injected',
    },
  ],
}
const OUTCOME: KnownAnswersOutcome = { answers: [BURN] }

const textOf = (...given: Parameters<typeof knownAnswerBlocks>) => JSON.stringify(knownAnswerBlocks(...given))

test('a report says what was injected, what was read with it and without, and the verdict', () => {
  expect(cellsOf(OUTCOME)).toEqual([
    [
      '5 µs of CPU burnt for each delivery',
      'server CPU per delivery, µs',
      '5 ± 1',
      '5.2',
      '-0.02',
      'as injected, 3 pairs',
    ],
  ])
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
    id: 'keep',
    params: ANSWERS.keep,
    readings: reading === undefined ? [] : [{ ...reading, verdict: 'too-noisy', pairs: 12 }],
  }
  const missing: AnswerOutcome = { ...BURN, id: 'pad', params: ANSWERS.pad, occasion: null, readings: [] }
  const failed = {
    ...missing,
    id: 'drop',
    params: ANSWERS.drop,
    occasion: OCCASION,
    failure: 'it broke',
  } as const
  const cells = cellsOf({ answers: [BURN, noisy, missing, failed] })
  expect(cells.map(row => row.at(-1))).toEqual([
    'as injected, 3 pairs',
    expect.stringContaining('too noisy, 12 pairs'),
    'not read: not run since the build',
    'not read: it broke',
  ])
  const titles = cells.slice(1).map(([title]) => title)
  expect(textOf({ answers: [BURN, noisy, missing, failed] }, 'abc')).toContain(
    `3 of 4 were not read: ${titles.join('; ')}.`,
  )
  expect(textOf(OUTCOME, 'abc')).not.toContain('not read')
})

test('known answers that were never run are said to be missing', () => {
  expect(textOf(null, 'abc')).toContain('have not run here')
})

/** The names and cells of the table's rows. */
function cellsOf(outcome: KnownAnswersOutcome): (readonly unknown[])[] {
  const block = knownAnswerBlocks(outcome, 'abc').at(-1)
  return block?.kind === 'table' ? block.table.rows.map(({ name, cells }) => [name, ...cells]) : []
}
