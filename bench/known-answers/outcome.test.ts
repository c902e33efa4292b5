import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommit } from '../processes/machine.ts'
import { ANSWERS, type AnswerOutcome, readOutcome, writeOutcome } from './outcome.ts'

const EARLIER = { takenAt: '2026-01-01T10:20:30.000Z', commit: 'abc', dirty: true }

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'push-lab-outcome-'))
  file = join(folder, 'known-answers.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('an answer that is read alone leaves the others as they were, with their commit and time', () => {
  const burn: AnswerOutcome = {
    id: 'burn',
    params: ANSWERS.burn,
    occasion: EARLIER,
    readings: [],
    failure: null,
  }
  writeFileSync(file, JSON.stringify({ answers: [burn, { ...burn, id: 'drop', failure: 'a trial failed' }] }))
  writeOutcome('drop', [], null, file)
  const answers = readOutcome(file)?.answers ?? []
  const drop = answers.find(({ id }) => id === 'drop')
  expect(answers.find(({ id }) => id === 'burn')).toEqual(burn)
  expect(drop).toMatchObject({ params: { oneIn: 10_000 }, occasion: readCommitOf(drop), failure: null })
  expect(Date.parse(drop?.occasion?.takenAt ?? '')).toBeGreaterThan(Date.parse(EARLIER.takenAt))
})

test('every answer is listed, one that was never read too, and one that no longer exists is not', () => {
  const former = join(folder, 'former/known-answers.json')
  writeOutcome('pad', [], 'it broke', former)
  writeFileSync(
    file,
    JSON.stringify({ answers: [{ id: 'former' }, ...(readOutcome(former)?.answers ?? [])] }),
  )
  const answers = readOutcome(file)?.answers ?? []
  expect(answers.map(({ id }) => id)).toEqual(Object.keys(ANSWERS))
  expect(answers.filter(({ occasion }) => occasion !== null)).toMatchObject([
    { id: 'pad', failure: 'it broke' },
  ])
})

test('where none was read there is no outcome', () => {
  expect(readOutcome(file)).toBeNull()
})

function readCommitOf(answer: AnswerOutcome | undefined): AnswerOutcome['occasion'] {
  const { hash, dirty } = readCommit()
  return { takenAt: answer?.occasion?.takenAt ?? '', commit: hash, dirty }
}
