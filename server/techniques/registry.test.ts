import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { TECHNIQUES, traitsOf } from '../protocol/techniques.ts'

/** Compiling the whole project takes some seconds, and more beside other tests. */
const PATIENTLY_MS = 120_000
const PROTOCOL = 'server/protocol/techniques.ts'
const COPIED = [
  'server',
  'client',
  'bench',
  'package.json',
  'tsconfig.json',
  'vite.config.ts',
  'vitest.config.ts',
]

/** The registries and the texts. */
const ITS_OWN =
  /^(server\/techniques\/index|client\/reader\/transports\/index|bench\/fleet\/\w+)\.ts$|\/text\/\w+\.ts$/
const TEST = /\.(test|e2e)\.ts$|\/testing\//

/** A copy of the project whose protocol names one more technique, and nothing else of it. */
describe('one more technique', () => {
  const root = projectRoot()
  const copy = mkdtempSync(join(tmpdir(), 'push-lab-'))
  let withoutTraits = ''
  let withTraits = ''

  beforeAll(async () => {
    for (const part of COPIED) cpSync(join(root, part), join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    edit(`'${TECHNIQUES.at(-1)}'] as const`, `'${TECHNIQUES.at(-1)}', 'pigeon'] as const`)
    writeFileSync(
      join(copy, 'tsconfig.protocol.json'),
      JSON.stringify({ extends: './tsconfig.json', files: [PROTOCOL], include: [] }),
    )
    withoutTraits = await compile('tsconfig.protocol.json')
    const traits = JSON.stringify({ ...traitsOf(TECHNIQUES[0]), endpoint: '/pigeon' })
    edit('} as const satisfies', `  pigeon: ${traits},\n} as const satisfies`)
    withTraits = await compile('tsconfig.json')
  }, PATIENTLY_MS)

  afterAll(() => rmSync(copy, { recursive: true }))

  it('does not compile without its traits', () => {
    expect(withoutTraits).toMatch(/^server\/protocol\/techniques\.ts.*pigeon/m)
  })

  it.each([
    ['a server', /^server\/techniques\/index\.ts.*pigeon/m],
    ['a transport', /^client\/reader\/transports\/index\.ts.*pigeon/m],
    ['a reader in the fleet', /^bench\/fleet\/.*pigeon/m],
    ['a name in the text of the page', /^client\/page\/shared\/text\/en\.ts.*pigeon/m],
  ])('does not compile without %s', (_what, error) => {
    expect(withTraits).toMatch(error)
  })

  it('needs no other file of the product', () => {
    const files = [...withTraits.matchAll(/^(\S+?)\(.*pigeon/gm)].map(([, file = '']) => file)
    expect(files.filter(file => !ITS_OWN.test(file) && !TEST.test(file))).toEqual([])
  })

  function edit(before: string, after: string): void {
    const text = readFileSync(join(copy, PROTOCOL), 'utf8')
    expect(text).toContain(before)
    writeFileSync(join(copy, PROTOCOL), text.replace(before, after))
  }

  /** Resolves to what the compiler complains of. */
  async function compile(project: string): Promise<string> {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const compiled = promisify(execFile)(process.execPath, [tsc, '-p', project], { cwd: copy })
    return compiled.then(
      () => '',
      ({ stdout }) => String(stdout),
    )
  }
})
