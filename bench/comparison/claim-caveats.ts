import type { Comparison, NoiseBand } from '../../server/protocol.ts'
import { BLOCKS_FOR_A_CLAIM } from '../scenario.ts'

/** What a run as a whole must say about its claims: that it makes none, or where it makes none. */
export function claimCaveats(
  blocks: number,
  comparisons: readonly Comparison[],
  bands: readonly NoiseBand[],
): string[] {
  if (blocks < BLOCKS_FOR_A_CLAIM) {
    return [
      `No difference is claimed: ${blocks === 1 ? '1 block' : `${blocks} blocks`}, and a claim takes ${BLOCKS_FOR_A_CLAIM}.`,
    ]
  }
  if (bands.length === 0) {
    return [
      'No difference is claimed: the reference arm never ran twice in one block, so the noise is unknown.',
    ]
  }
  const scenarios = [...new Set(comparisons.map(({ scenario }) => scenario))]
  const silent = scenarios.filter(scenario =>
    comparisons.every(found => found.scenario !== scenario || found.verdict === 'not claimed'),
  )
  return silent.length === 0 ? [] : [`No difference is claimed in ${silent.join(', ')}; the report says why.`]
}
