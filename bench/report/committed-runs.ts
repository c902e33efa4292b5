import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchRun } from '../judge/result.ts'
import { readRun } from './read-run.ts'

export interface CommittedRun {
  readonly folder: string
  readonly run: BenchRun
}

/** The runs that git knows of, newest first; outside a git checkout, all that lie in `results/`. Throws `UnreadableRun`. */
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
