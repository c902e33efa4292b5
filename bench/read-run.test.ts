import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runOf } from './comparison/simulate-trials.ts'
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
    /has schema 1, and this bench reads 2: read it with the commit that wrote it \(abc\), or make the run again\.$/,
  )
})
