import { mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A run cannot be put there; `message` is a sentence for the person at the terminal. */
export class OutError extends Error {}

/**
 * Throws `OutError` unless a folder can be made in `parent`, or, if that does not exist, in the closest folder above it.
 * It makes one and removes it again: permissions alone do not show a read-only disk, for example.
 */
export function demandWritable(parent: string): void {
  const folder = closest(resolve(parent))
  try {
    rmdirSync(mkdtempSync(join(folder, '.push-lab-')))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new OutError(`Nothing can be written in ${folder} (${code}): choose another folder with --out.`)
  }
}

function closest(path: string): string {
  try {
    if (statSync(path).isDirectory()) return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return closest(dirname(path))
    throw new OutError(`Cannot reach ${path} (${code}): choose another with --out.`)
  }
  throw new OutError(`${path} is not a folder: choose another with --out.`)
}
