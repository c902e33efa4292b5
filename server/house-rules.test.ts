import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from './project-root.ts'

const root = projectRoot()
const FOLDERS = ['server', 'client', 'bench']
/** What stands beside the code for its tests only; it may reach across. */
const TEST_SUPPORT =
  /\.(test|e2e)\.ts$|(start-lab|wire-readers|node-environment|chromium)\.ts$|^client\/faults\//

describe('the house', () => {
  const files = FOLDERS.flatMap(folder => sources(join(root, folder))).filter(
    file => !TEST_SUPPORT.test(file),
  )
  const imports = files.flatMap(file => importsOf(file).map(target => ({ file, target })))

  it('has rooms to look at', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(60)
  })

  it('lets the server need nobody outside', () => {
    expect(offending(({ file, target }) => in_('server', file) && !in_('server', target))).toEqual([])
  })

  it('lets the client take one file of the server: the protocol', () => {
    const allowed = (target: string) => in_('client', target) || target === 'server/protocol.ts'
    expect(offending(({ file, target }) => in_('client', file) && !allowed(target))).toEqual([])
  })

  it('lets the bench take the protocol, and of the client only what knows neither DOM nor page', () => {
    const allowed = (target: string) =>
      in_('bench', target) || target === 'server/protocol.ts' || (in_('client', target) && !isPage(target))
    expect(offending(({ file, target }) => in_('bench', file) && !allowed(target))).toEqual([])
  })

  it('lets nobody but the page know the page', () => {
    const outside = ({ file, target }: Import) => isPage(target) && !isPage(file)
    expect(offending(outside)).toEqual([])
  })

  it('has a protocol that imports nothing', () => {
    expect(importsOf('server/protocol.ts')).toEqual([])
    expect(readFileSync(join(root, 'server/protocol.ts'), 'utf8')).not.toMatch(/^import/m)
  })

  it('has no circles', () => {
    expect(circles(imports)).toEqual([])
  })

  it('imports only what exists', () => {
    expect(offending(({ target }) => !existsSync(join(root, target)))).toEqual([])
  })

  it('has no source folder beside these, and no rooms without a name', () => {
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

function in_(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`)
}

/** The rooms that know the DOM, and their sentences. */
function isPage(file: string): boolean {
  return in_('client/dashboard', file) || file === 'client/text.ts'
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
