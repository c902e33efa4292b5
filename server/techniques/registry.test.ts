import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { projectRoot } from '../project-root.ts'

it('does not compile with a fifth technique until it has a room on either side', {
  timeout: 60_000,
}, async () => {
  const root = projectRoot()
  const copy = mkdtempSync(join(tmpdir(), 'push-lab-'))
  try {
    for (const part of ['server', 'client', 'package.json', 'tsconfig.json'])
      cpSync(join(root, part), join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const protocol = join(copy, 'server/protocol/techniques.ts')
    const before = readFileSync(protocol, 'utf8')
    const after = before.replace("'sse', 'websocket'] as const", "'sse', 'websocket', 'pigeon'] as const")
    expect(after).not.toBe(before)
    writeFileSync(protocol, after)
    // The two registries and what they need: the whole project would take five times as long.
    const files = ['server/techniques/index.ts', 'client/reader/transports/index.ts']
    writeFileSync(
      join(copy, 'tsconfig.registries.json'),
      JSON.stringify({ extends: './tsconfig.json', files, include: [] }),
    )
    const compile = promisify(execFile)(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      join(copy, 'tsconfig.registries.json'),
    ])
    const errors = await compile.then(
      () => '',
      ({ stdout }) => String(stdout),
    )
    expect(errors).toMatch(/server\/techniques\/index\.ts.*pigeon/)
    expect(errors).toMatch(/client\/reader\/transports\/index\.ts.*pigeon/)
  } finally {
    rmSync(copy, { recursive: true })
  }
})
