import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { choosePinning, crossed } from './pinning.ts'

vi.mock('node:os', async original => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => 2,
}))

const folders: string[] = []

afterEach(() => {
  vi.unstubAllEnvs()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** In place of `taskset -c LIST true`: as the kernel does, it fails only if it may use none of the list. */
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

test.each(['02', '12'])('where only the cores %s may be used, they are left to the scheduler', allowed => {
  allowCores(allowed)
  expect(choosePinning()).toMatchObject({ serverCore: null, loadCore: null })
})

test('crossed, each is where the other was', () => {
  expect(crossed({ serverCore: 0, loadCore: 1, description: '' })).toMatchObject({
    serverCore: 1,
    loadCore: 0,
  })
})
