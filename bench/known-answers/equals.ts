/** The known answer of the comparison: it has to find nothing between equals. Simulated, so that the truth is known. */
import { compareArms } from '../judge/comparison/compare-arms.ts'
import { noiseBands } from '../judge/comparison/noise-bands.ts'
import { type SimulatedRun, simulateTrials } from '../judge/simulate-trials.ts'
import { createRandom } from '../processes/random.ts'
import type { AnswerName } from './outcome.ts'
import type { Claim, Reading } from './reading.ts'
import { isAsInjected } from './take-reading.ts'

const RUNS = 200
/** Of these, half as many are enough to see that they are found. */
const UNEQUAL_RUNS = RUNS / 2
const BLOCKS = 8

export const EQUALS: AnswerName = { id: 'equals', title: `${RUNS} simulated A/A comparisons` }

const CLAIM: Claim = {
  title: 'runs that claim a difference',
  unit: '%',
  injected: 0,
  tolerance: 5,
  kind: 'figure',
}

/** Without, that is where websocket is 15 % more than the others. */
export function readEquals(): Reading {
  const read = percentOf(claimsBetweenEquals())
  return {
    ...CLAIM,
    read,
    interval: null,
    without: percentOf(claimsBetweenUnequals()),
    pairs: 1,
    verdict: isAsInjected(CLAIM, read) ? 'as injected' : 'not as injected',
  }
}

/** For each run of equals with real noise, the arms of which a difference is claimed. */
export function claimsBetweenEquals(): string[][] {
  return claimsOf(RUNS, at => ({ noise: 0.03 + 0.07 * at, outliers: 0.03 }))
}

export function claimsBetweenUnequals(): string[][] {
  return claimsOf(UNEQUAL_RUNS, () => ({ noise: 0.03, outliers: 0.01, effects: { websocket: 1.15 } }))
}

/** `truth`: of the run that is so far along all of them, from 0 to 1. */
function claimsOf(runs: number, truth: (at: number) => Omit<SimulatedRun, 'random' | 'blocks'>): string[][] {
  const random = createRandom(20_261)
  return Array.from({ length: runs }, (_, index) => {
    const trials = simulateTrials({ ...truth(index / runs), blocks: BLOCKS, random })
    return compareArms(trials, noiseBands(trials), 1)
      .filter(({ verdict }) => verdict === 'different')
      .map(({ arm }) => arm)
  })
}

function percentOf(claims: readonly (readonly string[])[]): number {
  return (100 * claims.filter(arms => arms.length > 0).length) / claims.length
}
