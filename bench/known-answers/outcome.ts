/** The latest outcome of each known answer on this machine: written by their tests, read by every run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCommit } from '../processes/machine.ts'
import { findProjectRoot } from '../project-root.ts'
import type { Reading } from './reading.ts'

/** One occasion for all answers stands in runs from before each answer had its own. */
export interface KnownAnswersOutcome extends Partial<Occasion> {
  /** All there are, those included that were not read. */
  readonly answers: readonly AnswerOutcome[]
}

/** When it was read, and at which commit. */
export interface Occasion {
  /** ISO 8601, UTC. */
  readonly takenAt: string
  readonly commit: string | null
  readonly dirty: boolean
}

export interface AnswerOutcome extends Answered {
  /** `null`: not since the build. */
  readonly occasion?: Occasion | null
}

export interface Answered extends AnswerName {
  /** None where it was not read, or could not be. */
  readonly readings: readonly Reading[]
  /** Why it could not be read. */
  readonly failure?: string
}

export interface AnswerName {
  readonly id: string
  /** What was injected. */
  readonly title: string
}

/** Beside the build that it speaks about, and gone with it. */
const FILE = join(findProjectRoot(), 'dist/known-answers.json')

/** Takes the place of what this answer was before; the others stand, each with its own occasion. */
export function writeOutcome(answered: Answered, file = FILE): void {
  const { hash, dirty } = readCommit()
  const occasion = { takenAt: new Date().toISOString(), commit: hash, dirty }
  const others = readAnswers(file)?.filter(({ id }) => id !== answered.id) ?? []
  const outcome: KnownAnswersOutcome = { answers: [...others, { ...answered, occasion }] }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(outcome, null, 2)}\n`)
}

/** One for each that is `known`, in that order; `null` when none was ever read here. */
export function readOutcome(known: readonly AnswerName[], file = FILE): KnownAnswersOutcome | null {
  const answers = readAnswers(file)
  if (answers === null) return null
  const outcomeOf = ({ id, title }: AnswerName): AnswerOutcome =>
    answers.find(answer => answer.id === id) ?? { id, title, occasion: null, readings: [] }
  return { answers: known.map(outcomeOf) }
}

/** Each with its own occasion. */
export function answersOf({ answers, takenAt, commit, dirty }: KnownAnswersOutcome): AnswerOutcome[] {
  const shared = takenAt === undefined ? null : { takenAt, commit: commit ?? null, dirty: dirty ?? false }
  return answers.map(answer => ({ occasion: shared, ...answer }))
}

function readAnswers(file: string): AnswerOutcome[] | null {
  try {
    return answersOf(JSON.parse(readFileSync(file, 'utf8')) as KnownAnswersOutcome)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
