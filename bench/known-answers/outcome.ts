/** The latest outcome of each known answer on this machine: written by their tests, read by every run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Params, Range } from '../../server/protocol/run.ts'
import { readCommit } from '../processes/machine.ts'
import { findProjectRoot } from '../project-root.ts'
import type { MetricId } from '../scenarios/metrics.ts'

/** What is injected, and how much of it. */
export const ANSWERS = {
  stall: { stallMs: 400, everyMs: 2_400 },
  distance: { distanceMs: 50 },
  burn: { burntUs: 5 },
  drop: { oneIn: 10_000 },
  keep: { keptKb: 8 },
  throttle: { share: 0.05 },
  pad: { paddedBytes: 100 },
  // Runs of equals, simulated: nothing is injected, and no difference may be claimed.
  equals: { runs: 200 },
} as const satisfies Record<string, Params>
export type AnswerId = keyof typeof ANSWERS

export interface KnownAnswersOutcome {
  /** All there are, those included that were not read. */
  readonly answers: readonly AnswerOutcome[]
}

export interface AnswerOutcome {
  readonly id: AnswerId
  readonly params: Params
  /** `null`: not read since the build. */
  readonly occasion: Occasion | null
  /** Empty where it was not read, or could not be. */
  readonly readings: readonly KnownReading[]
  /** Why it could not be read: the error, word for word. */
  readonly failure: string | null
}

/** When an answer was read, and at which commit. */
export interface Occasion {
  /** ISO 8601, UTC. */
  readonly takenAt: string
  readonly commit: string | null
  readonly dirty: boolean
}

/** What must be read of what was injected. */
export interface Claim {
  readonly of: MetricId | 'figures-printed' | 'deliveries-lost' | 'generator-bound-trials' | 'runs-that-claim'
  readonly unit: string
  /** What must be read, and how far from it is still right. */
  readonly injected: number
  readonly tolerance: number
  /**
   * `effect`: the injected trial's figure less that of a trial without, run at the same time, so that both meet the
   * same disturbances. `figure`: the injected trial's figure as it is.
   */
  readonly kind: 'effect' | 'figure'
}

/** What was read of it. */
export interface KnownReading extends Claim {
  /** The median over pairs. */
  readonly read: number
  /** Where it lies, with 95 % confidence; `null` with fewer than three pairs. */
  readonly interval: Range | null
  /** The same reading with nothing injected. */
  readonly without: number
  readonly pairs: number
  /** `too-noisy`: the pairs lie too far apart, and there was no time for more. */
  readonly verdict: 'as-injected' | 'not-as-injected' | 'too-noisy'
}

/** Beside the build that it speaks about, and deleted with it. */
const FILE = join(findProjectRoot(), 'dist/known-answers.json')

/** Replaces the earlier outcome of this answer; the others stay, each with its own occasion. */
export function writeOutcome(
  id: AnswerId,
  readings: readonly KnownReading[],
  failure: string | null = null,
  file = FILE,
): void {
  const { hash, dirty } = readCommit()
  const occasion = { takenAt: new Date().toISOString(), commit: hash, dirty }
  const others = readAnswers(file)?.filter(answer => answer.id !== id) ?? []
  const outcome: KnownAnswersOutcome = {
    answers: [...others, { id, params: ANSWERS[id], occasion, readings, failure }],
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(outcome, null, 2)}\n`)
}

/** One for each answer, in order; `null` when none was ever read here. */
export function readOutcome(file = FILE): KnownAnswersOutcome | null {
  const answers = readAnswers(file)
  if (answers === null) return null
  const ids = Object.keys(ANSWERS) as AnswerId[]
  return { answers: ids.map(id => answers.find(answer => answer.id === id) ?? unread(id)) }
}

function unread(id: AnswerId): AnswerOutcome {
  return { id, params: ANSWERS[id], occasion: null, readings: [], failure: null }
}

function readAnswers(file: string): readonly AnswerOutcome[] | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as KnownAnswersOutcome).answers
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
