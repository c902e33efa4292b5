/** The known answer of the comparison: it must find nothing between equals. Simulated, so that the truth is known. */
import { expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { compareArms } from '../judge/comparison/compare-arms.ts'
import { noiseBands } from '../judge/comparison/noise-bands.ts'
import { type SimulatedTrials, simulateTrials } from '../judge/testing/simulated-run.ts'
import { createRandom } from '../processes/random.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import { ANSWERS, type Claim, writeOutcome } from './outcome.ts'
import { isAsInjected } from './take-reading.ts'

const { runs: RUNS } = ANSWERS.equals
/** Half as many are enough to see that unequals are found. */
const UNEQUAL_RUNS = RUNS / 2
const BLOCKS = 8
const OTHERS = TECHNIQUES.filter(technique => technique !== REFERENCE_ARM)
const SLOWER = OTHERS[0] ?? REFERENCE_ARM

const CLAIM: Claim = { of: 'runs-that-claim', unit: '%', injected: 0, tolerance: 5, kind: 'figure' }

test('of 200 runs of equals with real noise, at most 5 % claim any difference', { timeout: 60_000 }, () => {
  const equal = percentOf(claimsOf(RUNS, at => ({ noise: 0.03 + 0.07 * at, outliers: 0.03 })))
  const unequal = percentOf(claimsBetweenUnequals())
  const asInjected = isAsInjected(CLAIM, equal)
  const verdict = asInjected ? 'as-injected' : 'not-as-injected'
  writeOutcome('equals', [{ ...CLAIM, read: equal, interval: null, without: unequal, pairs: 1, verdict }])
  expect(asInjected).toBe(true)
  expect(isAsInjected(CLAIM, unequal)).toBe(false)
})

test('15 % more is found most of the time, and in no other arm', { timeout: 30_000 }, () => {
  const claims = claimsBetweenUnequals()
  const found = claims.filter(arms => arms.includes(SLOWER))
  expect(found.length).toBeGreaterThan(claims.length * 0.6)
  const others = claims.filter(arms => arms.some(arm => arm !== SLOWER))
  expect(others.length).toBeLessThanOrEqual(claims.length * 0.05)
})

/** For each run, the arms of which a difference is claimed. */
function claimsBetweenUnequals(): string[][] {
  return claimsOf(UNEQUAL_RUNS, () => ({ noise: 0.03, outliers: 0.01, effects: { [SLOWER]: 1.15 } }))
}

/** `truth`: what holds in a run, given its place among all of them from 0 to 1. */
function claimsOf(
  runs: number,
  truth: (at: number) => Omit<SimulatedTrials, 'random' | 'blocks'>,
): string[][] {
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
