import { expect, test } from 'vitest'
import type { Fact } from '../../server/protocol/run.ts'
import { notesOf } from './notes.ts'
import { row } from './testing/synthetic-run.ts'

const steal = (share: number): Fact => ({ code: 'host-steal', params: { share } })
const drift = (driftShare: number): Fact => ({ code: 'cost-drifts', params: { driftShare } })
const tooFew = (publishes: number, needed: number): Fact => ({
  code: 'too-few-publishes',
  params: { publishes, needed },
})
const letters = (notes: readonly { readonly letter: string }[]) => notes.map(({ letter }) => letter)

test('each reason has one letter, however many figures it concerns', () => {
  const one = row({ verdict: 'flagged', reasons: [steal(0.03), drift(0.06)] })
  const two = row({ verdict: 'refused', reasons: [drift(0.06), drift(0.06)] })
  const notes = notesOf([row({ reasons: [tooFew(1, 20)] }), one, two])
  expect(notes.list).toEqual([
    { letter: 'a', text: 'The host took 3 % of the machine’s time for others.' },
    { letter: 'b', text: 'The second half of the window cost 6 % more per delivery than the first.' },
  ])
  expect(letters(notes.of(one))).toEqual(['a', 'b'])
  expect(letters(notes.of(two))).toEqual(['b'])
  expect(notes.of(row({ reasons: [steal(0.03)] }))).toEqual([])
})

test('reasons of one kind are one note that says from where to where its number goes', () => {
  const one = row({ verdict: 'flagged', reasons: [drift(0.12), drift(0.051)] })
  const two = row({
    verdict: 'flagged',
    reasons: [drift(1), { ...drift(-0.07), params: { driftShare: -0.07, of: 'floor' } }],
  })
  const notes = notesOf([one, two])
  expect(notes.list.map(({ text }) => text)).toEqual([
    'The second half of the window cost 5.1–100 % more per delivery than the first.',
    'Of the floor: The second half of the window cost 7 % less per delivery than the first.',
  ])
  expect(letters(notes.of(one))).toEqual(['a'])
  expect(letters(notes.of(two))).toEqual(['a', 'b'])
})

test('what one percentile needs is not mixed with what another does', () => {
  const { list } = notesOf([row({ verdict: 'refused', reasons: [tooFew(9, 20), tooFew(40, 1_000)] })])
  expect(list.map(({ text }) => text)).toEqual([
    'This percentile needs 20 publishes, and there were 9.',
    'This percentile needs 1,000 publishes, and there were 40.',
  ])
})

test('the letters do not run out', () => {
  const reasons = Array.from({ length: 30 }, (_, index) => ({ code: `code-${index}`, params: {} }))
  const { list } = notesOf([row({ verdict: 'flagged', reasons })])
  expect(letters(list).slice(24)).toEqual(['y', 'z', 'aa', 'ab', 'ac', 'ad'])
})
