import { expect, test } from 'vitest'
import { footnotesOf } from './footnotes.ts'
import { row } from './testing/synthetic-run.ts'

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

test('reasons that differ in one number are one, and say from where to where it goes', () => {
  const one = row({ verdict: 'flagged', reasons: ['It cost more (12 %).', 'It cost more (5.1 %).'] })
  const two = row({ verdict: 'flagged', reasons: ['It cost less (7 %).', 'It cost more (100 %).'] })
  const notes = footnotesOf([one, two])
  expect(notes.notes).toEqual([
    { letter: 'a', reason: 'It cost more (5.1–100 %).' },
    { letter: 'b', reason: 'It cost less (7 %).' },
  ])
  expect(notes.of(one).map(({ letter }) => letter)).toEqual(['a'])
  expect(notes.of(two).map(({ letter }) => letter)).toEqual(['a', 'b'])
})

test('reasons with several numbers are not mixed: 9 of 20 and 40 of 1000 are two', () => {
  const reasons = ['Too few: 9 of the 20.', 'Too few: 40 of the 1000.']
  const { notes } = footnotesOf([row({ verdict: 'refused', reasons })])
  expect(notes.map(({ reason }) => reason)).toEqual(reasons)
})

test('the letters do not run out', () => {
  const reasons = Array.from({ length: 30 }, (_, index) => `Reason ${'x'.repeat(index)}.`)
  const { notes } = footnotesOf([row({ verdict: 'flagged', reasons })])
  expect(notes.slice(24).map(({ letter }) => letter)).toEqual(['y', 'z', 'aa', 'ab', 'ac', 'ad'])
})
