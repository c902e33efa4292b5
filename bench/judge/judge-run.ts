/** From the trials of a run to all that is computed from them. */
import type { MetricDefinition, Run } from '../../server/protocol/run.ts'
import { METRIC_IDS, metricOf } from '../scenarios/metrics.ts'
import { compareArms } from './comparison/compare-arms.ts'
import { noiseBands } from './comparison/noise-bands.ts'
import { withPhysics } from './physics.ts'
import type { BenchRun, Trial } from './result.ts'
import { summarize } from './summary.ts'

export type JudgedTrials = Pick<BenchRun, 'metrics' | 'summary' | 'comparisons' | 'bands' | 'trials'>

export function judgeRun(taken: readonly Trial[], seed: number): JudgedTrials {
  const trials = withPhysics(taken)
  const summary = summarize(trials, seed)
  const bands = noiseBands(trials)
  return {
    metrics: definitionsOf(summary),
    summary,
    comparisons: compareArms(trials, bands, seed),
    bands,
    trials,
  }
}

function definitionsOf(summary: Run['summary']): Record<string, MetricDefinition> {
  const reported = new Set(summary.map(({ metric }) => metric))
  return Object.fromEntries(
    METRIC_IDS.filter(id => reported.has(id)).map(id => {
      const { unit, better, subject, compares } = metricOf(id)
      return [id, { unit, better, subject, compares }]
    }),
  )
}
