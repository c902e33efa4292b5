import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResultsList, Run } from '../protocol.ts'
import { Refusal } from '../refusal.ts'

/** What the bench left: a folder for each run, `run.json` in it. A folder without a readable one is passed over. */
export async function listRuns(folder: string): Promise<ResultsList> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const runs = await Promise.all(
    entries.filter(entry => entry.isDirectory()).map(entry => tryRun(folder, entry.name)),
  )
  return {
    runs: runs
      .filter(run => run !== null)
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
      .map(({ id, startedAt, tier, complete }) => ({ id, startedAt, tier, complete })),
  }
}

/** One run, whole. `id` is the name of its folder and nothing else. Throws a 404 refusal. */
export async function readRun(folder: string, id: string): Promise<Run> {
  const run = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/.test(id) ? await tryRun(folder, id) : null
  if (run === null) throw new Refusal(404, 'no-such-run', 'Choose a run from /api/results.')
  return run
}

async function tryRun(folder: string, id: string): Promise<Run | null> {
  try {
    const run = JSON.parse(await readFile(join(folder, id, 'run.json'), 'utf8')) as Run
    return { ...run, id }
  } catch {
    return null
  }
}
