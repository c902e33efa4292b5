/**
 * When two sides are said to differ. All four must agree: enough blocks; a median ratio beyond the A/A band and
 * beyond 2 %; a permutation test that finds it unlikely between equals; and an interval that does not hold 1.
 * Everything is computed on logarithms, so that b ÷ a and a ÷ b say the same.
 */
import { median } from 'simple-statistics'
import { bandToExceed } from '../../../client/run/noise.ts'
import {
  BLOCKS_FOR_A_CLAIM,
  type Comparison,
  type Fact,
  type NoiseBand,
  type Range,
} from '../../../server/protocol/run.ts'
import { fact } from '../../facts.ts'
import type { Random } from '../../processes/random.ts'
import { bootstrapMedian, bootstrapMedianDifference } from './bootstrap.ts'
import { labelExchangeTest, signFlipTest } from './permutation-test.ts'

const LIKELY = 0.05

export type Finding = Omit<Comparison, 'scenario' | 'at' | 'metric' | 'arm' | 'reference'>

export interface Noise {
  /** `null`: it is not known how noisy this figure is. */
  readonly band: NoiseBand | null
  readonly random: Random
}

/** One value of either side from each block: `[reference, other]`. */
export function judgePairs(pairs: readonly (readonly [number, number])[], { band, random }: Noise): Finding {
  return judge(
    pairs.map(([reference]) => reference),
    pairs.map(([, other]) => other),
    band,
    (a, b) => {
      const differences = b.map((value, index) => value - (a[index] ?? Number.NaN))
      return {
        shift: median(differences),
        interval: bootstrapMedian(differences, random),
        pValue: signFlipTest(differences, random),
      }
    },
  )
}

/** Values that have no partners, from two runs. */
export function judgeUnpaired(
  reference: readonly number[],
  other: readonly number[],
  { band, random }: Noise,
): Finding {
  return judge(reference, other, band, (a, b) => ({
    shift: median([...b]) - median([...a]),
    interval: bootstrapMedianDifference(a, b, random),
    pValue: labelExchangeTest(a, b, random),
  }))
}

/** A finding with nothing in it but why there is none. */
export function notClaimed(obstacle: Fact, n = 0, band: NoiseBand | null = null): Finding {
  return {
    ratio: null,
    interval: null,
    zero: null,
    n,
    pValue: null,
    band: bandToExceed(band),
    verdict: 'not-claimed',
    obstacle,
  }
}

interface TestResult {
  readonly shift: number
  readonly interval: Range | null
  readonly pValue: number
}
type Test = (reference: readonly number[], other: readonly number[]) => TestResult

function judge(
  reference: readonly number[],
  other: readonly number[],
  band: NoiseBand | null,
  test: Test,
): Finding {
  const n = Math.min(reference.length, other.length)
  if (n === 0) return notClaimed(fact('no-common-block'), 0, band)
  const obstacle = obstacleTo(n, band)
  if ([...reference, ...other].some(value => value <= 0)) {
    const nothing = {
      ...notClaimed(obstacle ?? fact('figures-not-positive'), n, band),
      zero: zeroIn(reference, other),
    }
    return obstacle === null ? { ...nothing, ...judgeZeros(reference, other, test) } : nothing
  }
  const { shift, interval, pValue } = test(reference.map(Math.log), other.map(Math.log))
  const measured = {
    ratio: Math.exp(shift),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
    zero: null,
    n,
    pValue: n < BLOCKS_FOR_A_CLAIM ? null : pValue,
    band: bandToExceed(band),
    obstacle,
  }
  if (obstacle !== null || interval === null) return { ...measured, verdict: 'not-claimed' }
  const holdsOne = interval.low <= 0 && interval.high >= 0
  const different = Math.abs(shift) > measured.band && pValue <= LIKELY && !holdsOne
  return { ...measured, verdict: different ? 'different' : 'no-difference' }
}

/** Where one side is zero there is no ratio, yet zero and something differ if they do so in every block. */
function judgeZeros(reference: readonly number[], other: readonly number[], test: Test): Partial<Finding> {
  const zero = zeroIn(reference, other)
  if (zero === 'both') return { pValue: 1, verdict: 'no-difference', obstacle: null }
  const rest = zero === 'reference' ? other : reference
  if (zero === null || rest.some(value => value <= 0)) return {}
  const { pValue } = test(reference.map(Math.sign), other.map(Math.sign))
  return { pValue, verdict: 'different', obstacle: null }
}

function zeroIn(reference: readonly number[], other: readonly number[]): Finding['zero'] {
  const [ofReference, ofOther] = [reference, other].map(values => values.every(value => value === 0))
  if (ofReference && ofOther) return 'both'
  return ofReference ? 'reference' : ofOther ? 'arm' : null
}

function obstacleTo(blocks: number, band: NoiseBand | null): Fact | null {
  const needed = BLOCKS_FOR_A_CLAIM
  if (blocks < needed) return fact('too-few-blocks', { blocks, needed })
  if (band === null) return fact('no-noise-pairs')
  if (band.n < needed) return fact('too-few-noise-pairs', { pairs: band.n, needed })
  return null
}
