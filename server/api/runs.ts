import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fact, ResultsList, RunFile, RunSummary, UnreadableRun as Unreadable } from '../protocol/run.ts'
import { type RunHead, readRunHead, UnreadableRun } from './run-head.ts'

/** The runs of a folder: a folder for each, `run.json` in it. Symbolic links are not followed. */
export interface Runs {
  /** All runs, newest first, and those that cannot be read. Concurrent calls share one list. */
  list(): Promise<ResultsList>
  /** `null` if there is no such run. Rejects with `UnreadableRun`. */
  head(id: string): Promise<RunHead | null>
  /** Opens one of a run's files, for the caller to close. `null` for what is not there or is no regular file. */
  open(id: string, file: RunFile): Promise<FileHandle | null>
}

/** A folder with another name is no run: such a name could lead out of `results`. */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/
/** How many folders are read at once: half of the threads with which Node reads files. */
const LOOKS_AT_ONCE = 2
/** `O_NONBLOCK`, since opening a pipe waits for its writer. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)

/** Each `run.json` is read once, and again when its inode, size or times have changed. */
export function createRuns(folder: string): Runs {
  const heads = new Map<string, { readonly version: string; readonly head: Promise<RunHead> }>()
  let listing: Promise<ResultsList> | null = null

  return { list, head, open: openRunFile }

  function list(): Promise<ResultsList> {
    listing ??= look().finally(() => {
      listing = null
    })
    return listing
  }

  async function look(): Promise<ResultsList> {
    const runs: RunSummary[] = []
    const unreadable: Unreadable[] = []
    const directory = await opendir(folder).catch(() => null)
    if (directory === null) return { runs, unreadable }
    const seen = new Set<string>()
    const lookAtNext = async () => {
      for (let entry = await directory.read(); entry !== null; entry = await directory.read()) {
        const id = entry.name
        if (!entry.isDirectory() || !RUN_ID.test(id)) continue
        seen.add(id)
        try {
          const found = await headOf(id)
          if (found !== null) runs.push({ id, ...found.summary })
        } catch (error) {
          unreadable.push({ id, reason: reasonOf(error) })
        }
      }
    }
    try {
      await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookAtNext))
    } finally {
      await directory.close()
    }
    for (const id of heads.keys()) if (!seen.has(id)) heads.delete(id)
    runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    unreadable.sort((a, b) => b.id.localeCompare(a.id))
    return { runs, unreadable }
  }

  async function head(id: string): Promise<RunHead | null> {
    return (await isRunFolder(id)) ? headOf(id) : null
  }

  /** `id` is known to be a folder. */
  async function headOf(id: string): Promise<RunHead | null> {
    const stats = await lstat(join(folder, id, 'run.json')).catch(unlessAbsent)
    if (stats === null) return null
    if (!stats.isFile()) throw new UnreadableRun('not-a-file')
    const version = versionOf(stats)
    const known = heads.get(id)
    if (known?.version === version) return known.head
    const made = { version, head: readHead(id, version) }
    heads.set(id, made)
    // Such a fault may pass: too many open files, for example.
    made.head.catch(error => {
      if (!(error instanceof UnreadableRun) && heads.get(id) === made) heads.delete(id)
    })
    return made.head
  }

  async function readHead(id: string, version: string): Promise<RunHead> {
    const file = await open(join(folder, id, 'run.json'), FLAGS)
    try {
      const head = await readRunHead(file)
      if (versionOf(await file.stat()) !== version) throw new UnreadableRun('being-written')
      return head
    } finally {
      await file.close()
    }
  }

  async function openRunFile(id: string, file: RunFile): Promise<FileHandle | null> {
    if (!(await isRunFolder(id))) return null
    const handle = await open(join(folder, id, file), FLAGS).catch(() => null)
    if (handle === null || (await handle.stat()).isFile()) return handle
    await handle.close()
    return null
  }

  async function isRunFolder(id: string): Promise<boolean> {
    if (!RUN_ID.test(id)) return false
    const stats = await lstat(join(folder, id)).catch(() => null)
    return stats?.isDirectory() ?? false
  }
}

function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

function unlessAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}

/** Why a run cannot be read. */
export function reasonOf(error: unknown): Fact {
  if (error instanceof UnreadableRun) return error.reason
  const { code, message } = error as NodeJS.ErrnoException
  return new UnreadableRun('unreadable-file', { detail: code ?? message }).reason
}
