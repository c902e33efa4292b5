/** What a run leaves behind: `run.json`, a superset of the protocol's `Run`. */
import type { Fact, Run, RunTrial, TrialCheck, Verdict } from '../../server/protocol/run.ts'
import { fact } from '../facts.ts'
import type { KnownAnswersOutcome } from '../known-answers/outcome.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { ScenarioId } from '../scenarios/scenario.ts'
import { worst } from './checks.ts'

export interface Trial extends RunTrial {
  readonly scenario: ScenarioId
  readonly startedAt: string
  readonly wallMs: number
  readonly values: Readonly<Partial<Record<MetricId, number>>>
  readonly predictions: Readonly<Partial<Record<MetricId, number>>>
  readonly raw: Readonly<Record<string, unknown>>
}

export interface BenchRun extends Run {
  readonly scenarios: readonly ScenarioId[]
  /** The latest outcome of the bench's tests of itself on this machine; `null` when they were not run. */
  readonly knownAnswers: KnownAnswersOutcome | null
  readonly seed: number
  /** Blocks planned. */
  readonly blocks: number
  readonly trials: readonly Trial[]
}

/** What a trial found, before it is judged. */
export type TakenTrial = Omit<Trial, 'verdict' | 'reasons'>

/** The verdict of a trial is that of its worst check. It is decided here only. */
export function judgeTrial(taken: TakenTrial): Trial {
  const { verdict, reasons } = judgeChecks(taken.checks)
  return { ...taken, verdict, reasons }
}

/** `detail`: the error, word for word. */
export function failedTrial(taken: TakenTrial, detail: string): Trial {
  return { ...taken, verdict: 'failed', reasons: [fact('trial-failed', { detail })] }
}

export function judgeChecks(checks: readonly TrialCheck[]): {
  readonly verdict: Verdict
  readonly reasons: readonly Fact[]
} {
  const doubts = checks.filter(({ verdict }) => verdict !== 'ok')
  return {
    verdict: worst(doubts.map(({ verdict }) => verdict)),
    reasons: doubts.map(({ code, params }) => ({ code, params })),
  }
}
