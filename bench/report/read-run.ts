/** Runs as they lie in their folders. One that this bench did not write is refused with a sentence. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { asRun } from '../../client/run/as-run.ts'
import { factSentence } from '../../client/run/text/en.ts'
import type { BenchRun } from '../judge/result.ts'

const FILE = 'run.json'

/** Its message is a sentence for the person who named the run. */
export class UnreadableRun extends Error {}

/** The folder that `name` means: a path (to the folder or its `run.json`), or the id of a run in `results`. */
export function findRunFolder(name: string, results: string): string {
  const path = resolve(name)
  const candidates = [basename(path) === FILE ? dirname(path) : path, join(results, name)]
  const folder = candidates.find(candidate => existsSync(join(candidate, FILE)))
  if (folder !== undefined) return folder
  const exists = candidates.some(candidate => existsSync(candidate))
  throw new UnreadableRun(
    exists
      ? `${name} is not a run: it holds no ${FILE}.`
      : `There is no run ${name}, neither as a path nor in ${results}.`,
  )
}

/** Throws `UnreadableRun`. */
export function readRun(folder: string): BenchRun {
  const path = join(folder, FILE)
  const found = asRun(parse(path))
  if ('refused' in found) {
    throw new UnreadableRun(`${path} cannot be read. ${factSentence(found.refused)}`)
  }
  return found.run as BenchRun
}

function parse(path: string): unknown {
  try {
    // To read a pipe would wait for its writer.
    if (!statSync(path).isFile()) throw new Error('it is not a regular file')
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UnreadableRun(`${path} cannot be read: ${(error as Error).message}.`)
  }
}

export interface CommittedRun {
  readonly folder: string
  readonly run: BenchRun
}

/** The runs that git knows, newest first; outside a git checkout, all that lie in `results/`. Throws `UnreadableRun`. */
export function readCommittedRuns(root: string): CommittedRun[] {
  const results = join(root, 'results')
  return committedIds(root)
    .map(id => join(results, id))
    .map(folder => ({ folder, run: readRun(folder) }))
    .sort((a, b) => b.run.startedAt.localeCompare(a.run.startedAt))
}

function committedIds(root: string): string[] {
  try {
    const files = execFileSync('git', ['ls-files', '-z', '--', 'results/*/run.json'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return files.split('\0').flatMap(file => file.split('/')[1] ?? [])
  } catch {
    const entries = readdirSync(join(root, 'results'), { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
  }
}
