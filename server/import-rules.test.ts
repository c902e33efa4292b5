import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from './project-root.ts'
import { TECHNIQUES } from './protocol/techniques.ts'

const root = projectRoot()
const FOLDERS = ['server', 'client', 'bench']
/** Tests and their `testing/` folders may import anything. The product may not. */
const TEST = /\.(test|e2e)\.ts$|\/testing\//

describe('the import rules', () => {
  const files = FOLDERS.flatMap(folder => sources(join(root, folder))).filter(file => !TEST.test(file))
  const imports = files.flatMap(file => importsOf(file).map(target => ({ file, target })))

  it('cover the whole product', () => {
    expect(files.length).toBeGreaterThan(200)
    expect(imports.length).toBeGreaterThan(600)
  })

  it('allow the server no import from the client or the bench', () => {
    expect(offending(({ file, target }) => isIn('server', file) && !isIn('server', target))).toEqual([])
  })

  it('allow the client only the protocol of the server, and nothing of the bench', () => {
    const allowed = (target: string) => isIn('client', target) || isIn('server/protocol', target)
    expect(offending(({ file, target }) => isIn('client', file) && !allowed(target))).toEqual([])
  })

  it('allow the bench the protocol, the reader, the theory and the code that reads a run', () => {
    const open = ['bench', 'server/protocol', 'client/reader', 'client/run']
    const allowed = (target: string) =>
      open.some(folder => isIn(folder, target)) || target === 'client/theory.ts'
    expect(offending(({ file, target }) => isIn('bench', file) && !allowed(target))).toEqual([])
  })

  it('allow only the page to import the page', () => {
    const isPage = (file: string) => isIn('client/page', file)
    expect(offending(({ file, target }) => isPage(target) && !isPage(file))).toEqual([])
  })

  it('allow the protocol no import from outside itself', () => {
    const isProtocol = (file: string) => isIn('server/protocol', file)
    expect(offending(({ file, target }) => isProtocol(file) && !isProtocol(target))).toEqual([])
    for (const file of files.filter(isProtocol))
      expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/from '[^.]/)
  })

  it('allow the product no import from a testing folder', () => {
    expect(offending(({ target }) => TEST.test(target))).toEqual([])
  })

  it('allow no circular imports', () => {
    expect(circles(imports)).toEqual([])
  })

  it('allow only imports of files that exist', () => {
    expect(offending(({ target }) => !existsSync(join(root, target)))).toEqual([])
  })

  it('allow no other source folder, and no file name that says nothing', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
    expect(folders.filter(name => ![...FOLDERS, 'results', 'node_modules', 'dist'].includes(name))).toEqual(
      [],
    )
    expect(files.filter(file => /(utils|helpers|manager|base|common)\.ts$/.test(file))).toEqual([])
  })

  it("allow only a technique's own files to name it", () => {
    const scanned = FOLDERS.flatMap(folder => sources(join(root, folder), /\.(ts|css|html)$/))
    const others = scanned.filter(file => !TEST.test(file) && !NAMES_TECHNIQUES.test(file))
    expect(others.length).toBeGreaterThan(200)
    expect(others.flatMap(namesIn)).toEqual([])
  })

  function offending(breaks: (imported: Import) => boolean): string[] {
    return imports.filter(breaks).map(({ file, target }) => `${file} imports ${target}`)
  }
})

interface Import {
  readonly file: string
  readonly target: string
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`)
}

function sources(folder: string, name = /\.ts$/): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && name.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
}

/** The files of single techniques, the names themselves, and the texts. */
const NAMES_TECHNIQUES =
  /^(server\/techniques|client\/reader\/transports|bench\/fleet)\/|^server\/protocol\/techniques\.ts$|\/text\/\w+\.ts$/
/** The HTTP upgrade token of RFC 6455 happens to be the name of a technique. It stands in one place. */
const UPGRADE_TOKEN = "export const UPGRADE_TOKEN = 'websocket'"
const NAME = `(?:${[...TECHNIQUES].sort((a, b) => b.length - a.length).join('|')})`
/** A quoted name, a custom property, a key of an object, a property or a class. */
const NAMED = new RegExp(`['"\`]${NAME}['"\`]|--${NAME}(?![\\w-])|(?<![\\w.-])${NAME}:|\\.${NAME}(?![\\w(-])`)

/** The lines of a file that name a technique, without comments. */
function namesIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const code = text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, ''))
  return code.split('\n').flatMap((line, index) => {
    const named = NAMED.test(line.replace(/(^|\s)\/\/ .*$/, '')) && line !== UPGRADE_TOKEN
    return named ? [`${file}:${index + 1} ${line.trim()}`] : []
  })
}

/** The project's own files that a file imports, dynamic imports and `?url` suffixes included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"?]+)/g)
  return [...found].map(([, path = '']) => relative(root, resolve(root, dirname(file), path)))
}

/** Every circle once, as the path around it. */
function circles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target])
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const target of targets.get(file) ?? []) walk(target, [...path, file])
    done.add(file)
  }
  for (const file of targets.keys()) walk(file, [])
  return found
}
