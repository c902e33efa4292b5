import type { Comparison, NoiseBand } from '../../../server/protocol/run.ts'
import { BLOCKS_FOR_A_CLAIM } from '../../scenarios/scenario.ts'
import type { Trial } from '../result.ts'

const NO_TWINS =
  'No difference is claimed: the reference arm never ran twice in one block, so the noise is unknown.'

/** What a run as a whole must say about its claims, in one caveat at most: that it makes none, or where it makes none. */
export function claimCaveats(
  scenarios: readonly string[],
  trials: readonly Trial[],
  comparisons: readonly Comparison[],
  bands: readonly NoiseBand[],
): string[] {
  const few = scenarios.filter(scenario => blocksOf(scenario, trials) < BLOCKS_FOR_A_CLAIM)
  if (few.length === scenarios.length) {
    const where = few.length === 1 ? few.join() : 'every scenario'
    return [
      `Not publishable: fewer than ${BLOCKS_FOR_A_CLAIM} blocks in ${where}, so no difference is claimed.`,
    ]
  }
  const sentences = [
    few.length > 0 &&
      `Not publishable are the figures of ${few.join(', ')}: fewer than ${BLOCKS_FOR_A_CLAIM} blocks, so no difference is claimed there.`,
    bands.length === 0 ? NO_TWINS : silence(comparisons, few),
  ].filter(sentence => sentence !== false && sentence !== null)
  return sentences.length === 0 ? [] : [sentences.join(' ')]
}

/** Trials, whatever became of them: a refused one is said elsewhere. */
function blocksOf(scenario: string, trials: readonly Trial[]): number {
  return new Set(trials.filter(trial => trial.scenario === scenario).map(({ block }) => block)).size
}

/** Where there were blocks enough. */
function silence(comparisons: readonly Comparison[], few: readonly string[]): string | null {
  const compared = new Set(comparisons.map(({ scenario }) => scenario))
  const silent = [...compared].filter(
    scenario =>
      !few.includes(scenario) &&
      comparisons.every(found => found.scenario !== scenario || found.verdict === 'not claimed'),
  )
  if (silent.length === 0) return null
  return `No difference is claimed in ${silent.join(', ')}${few.length > 0 ? ' either' : ''}; the report says why.`
}
