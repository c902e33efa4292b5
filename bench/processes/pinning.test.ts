import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { choosePinning } from './pinning.ts'

vi.mock('node:os', async original => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => 2,
}))

const folders: string[] = []

afterEach(() => {
  vi.unstubAllEnvs()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Stands in for `taskset -c LIST true`, which fails only if no core of the list may be used. */
function allowCores(allowed: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'pinning-'))
  folders.push(folder)
  const file = join(folder, 'taskset')
  writeFileSync(file, `#!/bin/sh\ncase "$2" in *[${allowed}]*) exit 0;; *) exit 1;; esac\n`)
  chmodSync(file, 0o755)
  vi.stubEnv('PATH', folder)
}

test('server and load get a core each', () => {
  allowCores('01')
  expect(choosePinning()).toMatchObject({ serverCore: 0, loadCore: 1 })
})

test.each(['02', '12'])('where only the cores %s may be used, the scheduler chooses', allowed => {
  allowCores(allowed)
  expect(choosePinning()).toMatchObject({ serverCore: null, loadCore: null })
})
