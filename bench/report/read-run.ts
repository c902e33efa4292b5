/** A run as it lies in its folder. Whoever reads one that was not written for this bench is told so. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type BenchRun, SCHEMA } from '../judge/result.ts'

const FILE = 'run.json'

/** Its message is a sentence for whoever named the run. */
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
  const run = parse(path)
  const { schema, commit } = { schema: run?.schema, commit: run?.provenance?.['commit'] }
  if (typeof schema !== 'number' || !Array.isArray(run?.summary)) {
    throw new UnreadableRun(`${path} is not a run: it has no schema or no summary.`)
  }
  if (schema !== SCHEMA) {
    const origin = typeof commit === 'string' ? ` (${commit})` : ''
    throw new UnreadableRun(
      `${path} has schema ${schema}, and this bench reads ${SCHEMA}: read it with the commit that wrote it${origin}, or make the run again.`,
    )
  }
  const odd = oddMember(run)
  if (odd !== null) {
    throw new UnreadableRun(
      `${path} is not as the bench writes it: look at its ${odd}, or make the run again.`,
    )
  }
  return run as BenchRun
}

const TEXTS = ['id', 'startedAt', 'tier'] as const
const LISTS = ['comparisons', 'bands', 'trials', 'summary'] as const
/** What every row of these lists is known by. */
const ROW_TEXTS = ['scenario', 'arm'] as const

/** The first member that is not of its kind: code that reads a run relies on these. */
function oddMember(run: Partial<BenchRun>): string | null {
  const text = TEXTS.find(name => typeof run[name] !== 'string')
  if (text !== undefined) return text
  if (!Array.isArray(run.caveats) || run.caveats.some(caveat => typeof caveat !== 'string')) return 'caveats'
  if (!isObject(run.provenance)) return 'provenance'
  if (!isObject(run.questions)) return 'questions'
  const list = LISTS.find(name => {
    const rows: readonly unknown[] | undefined = run[name]
    return !Array.isArray(rows) || !rows.every(isRow)
  })
  return list ?? null
}

function isRow(row: unknown): boolean {
  return isObject(row) && ROW_TEXTS.every(name => typeof row[name] === 'string')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(path: string): Partial<BenchRun> | null {
  try {
    // To read a pipe would wait for whoever writes it.
    if (!statSync(path).isFile()) throw new Error('it is not a regular file')
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<BenchRun> | null
  } catch (error) {
    throw new UnreadableRun(`${path} cannot be read: ${(error as Error).message}.`)
  }
}
