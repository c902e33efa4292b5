import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommit } from '../processes/machine.ts'
import { readOutcome, writeOutcome } from './outcome.ts'

const KNOWN = [
  { id: 'burn', title: '5 µs burnt' },
  { id: 'drop', title: 'one thrown away' },
  { id: 'pad', title: '100 bytes padded' },
]
const EARLIER = { takenAt: '2026-01-01T10:20:30.000Z', commit: 'abc', dirty: true }

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'push-lab-outcome-'))
  file = join(folder, 'dist/known-answers.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('an answer that is read alone leaves the others as they were, with their commit and time', () => {
  const file = join(folder, 'known-answers.json')
  const before = [
    { id: 'burn', title: '5 µs burnt', occasion: EARLIER, readings: [] },
    { id: 'drop', title: 'one thrown away', occasion: EARLIER, readings: [], failure: 'a trial failed' },
  ]
  writeFileSync(file, JSON.stringify({ answers: before }))
  writeOutcome({ id: 'drop', title: 'one thrown away', readings: [] }, file)
  const [burn, drop] = readOutcome(KNOWN, file)?.answers ?? []
  expect(burn).toEqual(before[0])
  expect(drop).toMatchObject({ id: 'drop', occasion: { commit: readCommit().hash } })
  expect(drop).not.toHaveProperty('failure')
  expect(Date.parse(drop?.occasion?.takenAt ?? '')).toBeGreaterThan(Date.parse(EARLIER.takenAt))
})

test('an answer that was never read is there as such, and one that is no longer known is not', () => {
  writeOutcome({ id: 'pad', title: '100 bytes padded', readings: [] }, file)
  writeOutcome({ id: 'former', title: 'gone', readings: [] }, file)
  expect(readOutcome(KNOWN, file)?.answers.map(({ id, occasion }) => [id, occasion !== null])).toEqual([
    ['burn', false],
    ['drop', false],
    ['pad', true],
  ])
})

test('what was written with one occasion for all is read with it for each', () => {
  const file = join(folder, 'known-answers.json')
  writeFileSync(file, JSON.stringify({ ...EARLIER, answers: [{ ...KNOWN[0], readings: [] }] }))
  writeOutcome({ id: 'drop', title: 'one thrown away', readings: [] }, file)
  expect(readOutcome(KNOWN, file)?.answers[0]).toEqual({ ...KNOWN[0], occasion: EARLIER, readings: [] })
})

test('where none was read there is no outcome', () => {
  expect(readOutcome(KNOWN, file)).toBeNull()
})
