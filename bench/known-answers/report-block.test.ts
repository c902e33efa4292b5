import { expect, test } from 'vitest'
import type { KnownAnswersOutcome } from './outcome.ts'
import { knownAnswerBlocks } from './report-block.ts'

const OUTCOME: KnownAnswersOutcome = {
  takenAt: '2026-01-01T10:20:30.000Z',
  commit: 'abc',
  dirty: false,
  answers: [
    {
      id: 'burn',
      title: '5 µs of CPU burnt for each delivery',
      readings: [
        {
          title: 'server CPU per delivery',
          unit: 'µs',
          planted: 5,
          tolerance: 1,
          kind: 'effect',
          read: 5.204,
          interval: { low: 4.9, high: 5.4 },
          without: -0.021,
          pairs: 3,
          verdict: 'as planted',
        },
      ],
    },
  ],
}

const textOf = (...given: Parameters<typeof knownAnswerBlocks>) => JSON.stringify(knownAnswerBlocks(...given))

test('a report says what was planted, what was read with it and without, and what to make of it', () => {
  expect(knownAnswerBlocks(OUTCOME, 'abc').at(-1)).toMatchObject({
    rows: [
      [
        '5 µs of CPU burnt for each delivery',
        'server CPU per delivery, µs',
        '5 ± 1',
        '5.2',
        '-0.02',
        'as planted, 3 pairs',
      ],
    ],
  })
})

test('it says at which commit they were run, and if that is another one than was measured', () => {
  expect(textOf(OUTCOME, 'abc')).toContain('2026-01-01T10:20Z at commit abc.')
  expect(textOf(OUTCOME, 'def')).toContain('at commit abc, which is not the one that was measured.')
  expect(textOf({ ...OUTCOME, dirty: true }, 'abc')).toContain('at commit abc, changed.')
})

test('known answers that were never run are said to be missing; a run from before there were any says nothing', () => {
  expect(textOf(null, 'abc')).toContain('were not run here')
  expect(knownAnswerBlocks(undefined, 'abc')).toEqual([])
})
