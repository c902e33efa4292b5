/** What a run as a whole must say before its figures. */
import type { Comparison, NoiseBand, SummaryRow } from '../../server/protocol/run.ts'
import type { BenchOptions } from '../options.ts'
import type { Choice } from '../scenarios/choose.ts'
import { claimCaveats } from './comparison/claim-caveats.ts'
import type { Trial } from './result.ts'

/** One minute's average before the run; a desktop at rest stays below. */
const QUIET_LOAD_AVERAGE = 0.5

export interface Circumstances {
  readonly options: Pick<BenchOptions, 'tier' | 'url'>
  readonly choice: Choice
  readonly complete: boolean
  /** The working tree differed from the commit. */
  readonly dirty: boolean
  readonly loadAverage: number
  /** Why a check of the fleet is missing; a sentence each. */
  readonly uncalibrated: readonly string[]
  readonly trials: readonly Trial[]
  readonly summary: readonly SummaryRow[]
  readonly comparisons: readonly Comparison[]
  readonly bands: readonly NoiseBand[]
}

export function runCaveats(run: Circumstances): string[] {
  const { options, choice, summary } = run
  const unsound = summary.filter(({ verdict }) => verdict === 'refused' || verdict === 'failed').length
  return [
    options.tier === 'quick' &&
      'A look, not a result: the quick tier is short, and what the fleet can take is not measured in it.',
    !run.complete && 'Incomplete: the run was broken off.',
    run.dirty && 'Not publishable: the working tree differed from the commit.',
    ...claimCaveats(
      choice.scenarios.map(({ id }) => id),
      run.trials,
      run.comparisons,
      run.bands,
    ),
    run.loadAverage > QUIET_LOAD_AVERAGE &&
      `The machine was busy with something else: load average ${run.loadAverage.toFixed(1)} before the run began.`,
    choice.changed.length > 0 &&
      `The command line changed the axes of ${choice.changed.join(', ')}; see each trial.`,
    unsound > 0 && `${unsound} figures are refused or failed; each says why.`,
    options.url === null
      ? `Server and readers share one machine: loopback, no TLS, no proxy, ${choice.scenarios.some(({ id }) => id === 'distance') ? 'and no distance but in the scenario of that name' : 'no distance'}.`
      : `The server at ${new URL(options.url).origin} was started by somebody else: its CPU and memory are not known, and latencies are as exact as its clock could be read from here (see clockUncertaintyMs).`,
    'The readers send the shortest valid heads; a browser sends several hundred bytes more with each request.',
    ...run.uncalibrated,
    ...choice.skipped,
  ].filter(caveat => caveat !== false)
}
