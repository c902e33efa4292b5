/** What a run as a whole must say before its figures. */
import { BLOCKS_FOR_A_CLAIM, type Fact, type Params } from '../../server/protocol/run.ts'
import { type FactCode, fact } from '../facts.ts'
import type { BenchOptions } from '../options.ts'
import type { Choice } from '../scenarios/choose.ts'
import type { JudgedTrials } from './judge-run.ts'

/** One minute's average before the run; a desktop at rest stays below. */
const QUIET_LOAD_AVERAGE = 0.5

export interface RunConditions extends Pick<JudgedTrials, 'trials' | 'summary' | 'comparisons' | 'bands'> {
  readonly options: Pick<BenchOptions, 'tier' | 'url'>
  readonly choice: Choice
  readonly complete: boolean
  /** The working tree differed from the commit. */
  readonly dirty: boolean
  readonly loadAverage: number
  /** Why a check of the fleet is missing. */
  readonly uncalibrated: readonly Fact[]
}

export function runCaveats(run: RunConditions): Fact[] {
  const { options, choice, loadAverage } = run
  const unsound = run.summary.filter(({ verdict }) => verdict === 'refused' || verdict === 'failed').length
  return [
    ...when(options.tier === 'quick', 'quick-look'),
    ...when(!run.complete, 'incomplete'),
    ...when(run.dirty, 'dirty-tree'),
    ...claimCaveats(
      choice.scenarios.map(({ id }) => id),
      run,
    ),
    ...when(loadAverage > QUIET_LOAD_AVERAGE, 'busy-machine', { loadAverage }),
    ...when(choice.changed.length > 0, 'axes-changed', { scenarios: choice.changed }),
    ...when(unsound > 0, 'unsound-figures', { figures: unsound }),
    options.url === null
      ? fact('one-machine', { distance: choice.scenarios.some(setsDistance) })
      : fact('remote-server', { origin: new URL(options.url).origin }),
    fact('short-heads'),
    ...run.uncalibrated,
    ...choice.skipped,
  ]
}

function setsDistance({ arms }: Choice['scenarios'][number]): boolean {
  return arms.some(({ at }) => at?.axis === 'distanceMs')
}

/** Where no difference is claimed: for want of blocks, for want of twins, or because the noise hides it. */
export function claimCaveats(
  scenarios: readonly string[],
  { trials, comparisons, bands }: Pick<RunConditions, 'trials' | 'comparisons' | 'bands'>,
): Fact[] {
  const few = scenarios.filter(scenario => blocksOf(scenario) < BLOCKS_FOR_A_CLAIM)
  const all = few.length === scenarios.length
  const tooFew = when(few.length > 0, 'too-few-blocks', { scenarios: few, all, needed: BLOCKS_FOR_A_CLAIM })
  if (all) return tooFew
  if (bands.length === 0) return [...tooFew, fact('noise-unknown')]
  const compared = new Set(comparisons.map(({ scenario }) => scenario))
  const silent = [...compared].filter(scenario => !few.includes(scenario) && isSilent(scenario))
  return [...tooFew, ...when(silent.length > 0, 'nothing-claimed', { scenarios: silent })]

  /** Of trials, whatever became of them: what was refused has a caveat of its own. */
  function blocksOf(scenario: string): number {
    return new Set(trials.filter(trial => trial.scenario === scenario).map(({ block }) => block)).size
  }

  function isSilent(scenario: string): boolean {
    return comparisons.every(found => found.scenario !== scenario || found.verdict === 'not-claimed')
  }
}

function when(so: boolean, code: FactCode, params: Params = {}): Fact[] {
  return so ? [fact(code, params)] : []
}
