import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runOf } from '../judge/testing/simulated-run.ts'
import { findRunFolder, readRun, UnreadableRun } from './read-run.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'push-lab-run-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a run is found by its folder, by its file, and by its id', () => {
  writeFileSync(join(folder, 'run.json'), JSON.stringify(runOf([])))
  expect(findRunFolder(folder, '/nowhere')).toBe(folder)
  expect(findRunFolder(join(folder, 'run.json'), '/nowhere')).toBe(folder)
  expect(findRunFolder(folder.split('/').at(-1) ?? '', tmpdir())).toBe(folder)
  expect(readRun(folder)).toEqual(runOf([]))
})

test('a run of another schema is refused in a sentence that says what to do', () => {
  writeFileSync(join(folder, 'run.json'), '{"schema":1,"summary":[],"provenance":{"commit":"abc"}}')
  expect(() => readRun(folder)).toThrow(UnreadableRun)
  expect(() => readRun(folder)).toThrow(
    /It has schema 1, and this version reads schema 3: read it with the commit that wrote it \(abc\), or make the run again\.$/,
  )
})

test.each(['', '{', '{}', 'null', '[]', '5', '"run"', '{"schema":3}', '{"schema":"3","summary":[]}'])(
  'the run %s is refused in a sentence',
  text => {
    writeFileSync(join(folder, 'run.json'), text)
    expect(() => readRun(folder)).toThrow(UnreadableRun)
    expect(() => readRun(folder)).toThrow(/^\/.*\.$/)
  },
)

test.each([
  ['id', 5],
  ['startedAt', 5],
  ['tier', null],
  ['complete', 'yes'],
  ['caveats', ['A sentence.']],
  ['provenance', []],
  ['metrics', null],
  ['scenarios', [5]],
  ['summary', [5]],
  ['summary', [{ scenario: 'delivery', arm: 'sse', reasons: ['A sentence.'] }]],
  ['trials', [null]],
  ['trials', 'none'],
  ['comparisons', [{ scenario: 'delivery' }]],
  ['bands', [{ arm: 5, scenario: 'delivery' }]],
])('a run whose %s is %j is refused in a sentence that names the member', (name, odd) => {
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...runOf([]), [name]: odd }))
  expect(() => readRun(folder)).toThrow(UnreadableRun)
  expect(() => readRun(folder)).toThrow(`look at its ${name}, or make the run again.`)
})

test('a run.json that is no file is refused without waiting for it', () => {
  mkdirSync(join(folder, 'run.json'))
  expect(() => readRun(folder)).toThrow(/it is not a regular file\.$/)
})
