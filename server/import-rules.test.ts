import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from './project-root.ts'

const root = projectRoot()
const FOLDERS = ['server', 'client', 'bench']
/** Tests, and what stands in a `testing/` folder for them, may reach across. The product may not. */
const TEST = /\.(test|e2e)\.ts$|\/testing\//

describe('the import rules', () => {
  const files = FOLDERS.flatMap(folder => sources(join(root, folder))).filter(file => !TEST.test(file))
  const imports = files.flatMap(file => importsOf(file).map(target => ({ file, target })))

  it('are checked on all of the product', () => {
    expect(files.length).toBeGreaterThan(200)
    expect(imports.length).toBeGreaterThan(600)
  })

  it('let the server import nothing from the client or the bench', () => {
    expect(offending(({ file, target }) => isIn('server', file) && !isIn('server', target))).toEqual([])
  })

  it('let the client import nothing of the server but its protocol, and nothing of the bench', () => {
    const allowed = (target: string) => isIn('client', target) || isIn('server/protocol', target)
    expect(offending(({ file, target }) => isIn('client', file) && !allowed(target))).toEqual([])
  })

  it('let the bench import the protocol, the reader, the theory and what reads a run', () => {
    const open = ['bench', 'server/protocol', 'client/reader', 'client/run']
    const allowed = (target: string) =>
      open.some(folder => isIn(folder, target)) || target === 'client/theory.ts'
    expect(offending(({ file, target }) => isIn('bench', file) && !allowed(target))).toEqual([])
  })

  it('let nothing but the page import the page', () => {
    const isPage = (file: string) => isIn('client/page', file)
    expect(offending(({ file, target }) => isPage(target) && !isPage(file))).toEqual([])
  })

  it('let the protocol import nothing outside itself', () => {
    const isProtocol = (file: string) => isIn('server/protocol', file)
    expect(offending(({ file, target }) => isProtocol(file) && !isProtocol(target))).toEqual([])
    for (const file of files.filter(isProtocol))
      expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/from '[^.]/)
  })

  it('let nothing of the product import from a testing folder', () => {
    expect(offending(({ target }) => TEST.test(target))).toEqual([])
  })

  it('let no circle be', () => {
    expect(circles(imports)).toEqual([])
  })

  it('let nothing be imported that does not exist', () => {
    expect(offending(({ target }) => !existsSync(join(root, target)))).toEqual([])
  })

  it('let no source folder stand beside these, and no file have a name that says nothing', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
    expect(folders.filter(name => ![...FOLDERS, 'results', 'node_modules', 'dist'].includes(name))).toEqual(
      [],
    )
    expect(files.filter(file => /(utils|helpers|manager|base|common)\.ts$/.test(file))).toEqual([])
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

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
}

/** The project's own files that a file imports, dynamic imports and `?url` suffixes included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"?]+)/g)
  return [...found].map(([, path = '']) => relative(root, resolve(root, dirname(file), path)))
}

/** Every circle once, written as the way around it. */
function circles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target])
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '))
    if (way.includes(file) || done.has(file)) return
    for (const target of targets.get(file) ?? []) walk(target, [...way, file])
    done.add(file)
  }
  for (const file of targets.keys()) walk(file, [])
  return found
}
