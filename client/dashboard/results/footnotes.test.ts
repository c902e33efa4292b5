import { expect, test } from 'vitest'
import { footnotesOf } from './footnotes.ts'
import { row } from './synthetic-run.ts'

test('each reason has one letter, however many figures it concerns', () => {
  const one = row({ verdict: 'flagged', reasons: ['Noisy.', 'Slow.'] })
  const two = row({ verdict: 'refused', reasons: ['Slow.', 'Slow.'] })
  const notes = footnotesOf([row({ reasons: ['Never mind.'] }), one, two])
  expect(notes.notes).toEqual([
    { letter: 'a', reason: 'Noisy.' },
    { letter: 'b', reason: 'Slow.' },
  ])
  expect(notes.of(one).map(({ letter }) => letter)).toEqual(['a', 'b'])
  expect(notes.of(two).map(({ letter }) => letter)).toEqual(['b'])
  expect(notes.of(row({ reasons: ['Noisy.'] }))).toEqual([])
})

test('the letters do not run out', () => {
  const reasons = Array.from({ length: 30 }, (_, index) => `Reason ${index}.`)
  const { notes } = footnotesOf([row({ verdict: 'flagged', reasons })])
  expect(notes.slice(24).map(({ letter }) => letter)).toEqual(['y', 'z', 'aa', 'ab', 'ac', 'ad'])
})
