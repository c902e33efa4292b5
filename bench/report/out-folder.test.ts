import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demandWritable, OutError } from './out-folder.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'push-lab-out-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

test('a folder is accepted, and so is one that does not exist yet; neither is changed', () => {
  demandWritable(place)
  demandWritable(join(place, 'a', 'b'))
  expect(readdirSync(place)).toEqual([])
})

test('a file is refused, and so is any path below one', () => {
  writeFileSync(join(place, 'file'), '')
  for (const parent of ['file', 'file/results', 'file/a/b']) {
    expect(() => demandWritable(join(place, parent))).toThrow(OutError)
    expect(() => demandWritable(join(place, parent))).toThrow(/is not a folder: choose another with --out/)
  }
})

test('a symbolic link to itself is refused', () => {
  symlinkSync(join(place, 'circle'), join(place, 'circle'))
  expect(() => demandWritable(join(place, 'circle'))).toThrow(/ELOOP/)
})

test.runIf(existsSync('/proc/self'))('a folder that not even root can write to is refused', () => {
  expect(() => demandWritable('/proc/self')).toThrow(/Nothing can be written in \/proc\/self/)
  expect(() => demandWritable('/proc/no-such-folder/results')).toThrow(OutError)
})

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a read-only folder is refused', () => {
  const folder = join(place, 'closed')
  mkdirSync(folder)
  chmodSync(folder, 0o500)
  expect(() => demandWritable(folder)).toThrow(/EACCES/)
  expect(() => demandWritable(join(folder, 'results'))).toThrow(/EACCES/)
})
