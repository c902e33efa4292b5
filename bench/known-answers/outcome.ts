/** The latest outcome of the known answers on this machine: written by their tests, read by every run. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProjectRoot } from '../project-root.ts'
import type { Reading } from './reading.ts'

export interface KnownAnswersOutcome {
  /** ISO 8601, UTC. */
  readonly takenAt: string
  readonly commit: string | null
  readonly dirty: boolean
  readonly answers: readonly AnswerOutcome[]
}

export interface AnswerOutcome {
  readonly id: string
  /** What was planted. */
  readonly title: string
  readonly readings: readonly Reading[]
}

/** Beside the build that it speaks about, and gone with it. */
const FILE = join(findProjectRoot(), 'dist/known-answers.json')

export function writeOutcome(outcome: KnownAnswersOutcome, file = FILE): void {
  writeFileSync(file, `${JSON.stringify(outcome, null, 2)}\n`)
}

/** `null` when the known answers were never run here. */
export function readOutcome(file = FILE): KnownAnswersOutcome | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KnownAnswersOutcome
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
