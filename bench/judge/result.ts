/** What a run leaves behind: `run.json`, a superset of the protocol's `Run`. */
import { type Arm, RUN_SCHEMA, type Run, type Verdict } from '../../server/protocol/run.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { KnownAnswersOutcome } from '../known-answers/outcome.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { ArmPlan, ScenarioId } from '../scenarios/scenario.ts'
import type { Check } from './checks.ts'

export const SCHEMA = RUN_SCHEMA

/** One trial, whatever became of it: a refused or failed one is a row with its reason, never a hole. */
export interface Trial {
  readonly scenario: ScenarioId
  readonly arm: Arm
  /** Of a floor: the technique whose bytes it sent. */
  readonly as: Technique | null
  /** Where on the axis that the scenario sweeps. */
  readonly at: string | null
  /** The reference arm's second trial in its block: for the A/A band, and for nothing else. */
  readonly twin: boolean
  /** From 1. */
  readonly block: number
  /** Its turn within the block, from 1. */
  readonly turn: number
  readonly startedAt: string
  readonly wallMs: number
  readonly axes: Readonly<Record<string, unknown>>
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  readonly values: Readonly<Partial<Record<MetricId, number>>>
  /** What theory says of some of the values, for these axes. */
  readonly predictions: Readonly<Partial<Record<MetricId, number>>>
  readonly checks: readonly Check[]
  readonly publishes: number | null
  readonly histograms: Readonly<Record<string, string>>
  readonly raw: Readonly<Record<string, unknown>>
}

export interface BenchRun extends Run {
  /** The latest outcome of the bench's tests of its own truth on this machine; `null` when they were not run. */
  readonly knownAnswers: KnownAnswersOutcome | null
  readonly schema: typeof SCHEMA
  readonly seed: number
  /** Blocks planned. */
  readonly blocks: number
  /** The order in which the arms ran, block by block. */
  readonly order: readonly (readonly string[])[]
  readonly questions: Readonly<Partial<Record<ScenarioId, string>>>
  readonly trials: readonly Trial[]
}

/** How an arm is called in the order and on progress lines: `delivery sse`, `delivery tcp as sse`, `delivery sse again`. */
export function armLabel(scenario: ScenarioId, { arm, as, at, twin }: ArmPlan): string {
  const words = [scenario, arm, as === undefined ? '' : `as ${as}`, at?.label ?? '', twin ? 'again' : '']
  return words.filter(word => word !== '').join(' ')
}
