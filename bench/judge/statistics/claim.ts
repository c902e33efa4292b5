/**
 * When two sides may be said to differ. All four must agree: enough blocks; a median ratio beyond the A/A band and
 * beyond 2 %; a permutation test that finds it unlikely between equals; and an interval that does not hold 1.
 * Everything is done on logarithms, so that b ÷ a and a ÷ b say the same.
 */
import { median } from 'simple-statistics'
import type { Comparison, Interval, NoiseBand } from '../../../server/protocol/run.ts'
import type { Random } from '../../processes/random.ts'
import { BLOCKS_FOR_A_CLAIM } from '../../scenarios/scenario.ts'
import { percent } from '../checks.ts'
import { bootstrapMedian, bootstrapMedianDifference } from './bootstrap.ts'
import { labelExchangeTest, signFlipTest } from './permutation-test.ts'

/** |ln ratio|: no smaller difference is claimed, however quiet the machine. */
export const SMALLEST_CLAIM = Math.log(1.02)
const LIKELY = 0.05

export type Finding = Omit<Comparison, 'scenario' | 'at' | 'metric' | 'arm' | 'reference'>

export interface Circumstances {
  /** `null`: nobody knows how noisy this figure is. */
  readonly band: NoiseBand | null
  /** The side that the sentence measures against, e.g. `sse`. */
  readonly than: string
  readonly random: Random
}

/** One value of either side from each block: `[reference, other]`. */
export function judgePairs(
  pairs: readonly (readonly [number, number])[],
  circumstances: Circumstances,
): Finding {
  const { random } = circumstances
  return judge(
    pairs.map(([reference]) => reference),
    pairs.map(([, other]) => other),
    circumstances,
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
  circumstances: Circumstances,
): Finding {
  const { random } = circumstances
  return judge(reference, other, circumstances, (a, b) => ({
    shift: median([...b]) - median([...a]),
    interval: bootstrapMedianDifference(a, b, random),
    pValue: labelExchangeTest(a, b, random),
  }))
}

/** What can be said in words only. */
export function notClaimed(why: string, n = 0, band: NoiseBand | null = null): Finding {
  const sentence = `not claimed: ${why}`
  return {
    ratio: null,
    interval: null,
    n,
    pValue: null,
    band: bandToExceed(band),
    verdict: 'not claimed',
    sentence,
  }
}

interface Test {
  readonly shift: number
  readonly interval: Interval | null
  readonly pValue: number
}

function judge(
  reference: readonly number[],
  other: readonly number[],
  { band, than }: Circumstances,
  test: (a: readonly number[], b: readonly number[]) => Test,
): Finding {
  const n = Math.min(reference.length, other.length)
  if (n === 0) return notClaimed('no block has both', 0, band)
  const obstacle = obstacleTo(n, band)
  const all = [...reference, ...other]
  if (all.some(value => value <= 0)) {
    return obstacle === null
      ? judgeZeros(reference, other, test, { n, band, than })
      : notClaimed(obstacle, n, band)
  }
  const { shift, interval, pValue } = test(reference.map(Math.log), other.map(Math.log))
  const measured = {
    ratio: Math.exp(shift),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
    n,
    pValue: n < BLOCKS_FOR_A_CLAIM ? null : pValue,
    band: bandToExceed(band),
  }
  if (obstacle !== null || interval === null) {
    return { ...measured, verdict: 'not claimed', sentence: `not claimed: ${obstacle}` }
  }
  const holdsOne = interval.low <= 0 && interval.high >= 0
  if (Math.abs(shift) > measured.band && pValue <= LIKELY && !holdsOne) {
    return { ...measured, verdict: 'different', sentence: differenceIn(shift, interval, than) }
  }
  const reach = Math.max(measured.band, Math.abs(interval.low), Math.abs(interval.high))
  return {
    ...measured,
    verdict: 'no difference',
    sentence: `no difference measured (< ${percent(Math.expm1(reach))})`,
  }
}

/** Where one side is nothing there is no ratio, yet nothing and something differ if they do so in every block. */
function judgeZeros(
  reference: readonly number[],
  other: readonly number[],
  test: (a: readonly number[], b: readonly number[]) => Test,
  { n, band, than }: { readonly n: number; readonly band: NoiseBand | null; readonly than: string },
): Finding {
  const none = (values: readonly number[]) => values.every(value => value === 0)
  const some = (values: readonly number[]) => values.every(value => value > 0)
  const found = { ratio: null, interval: null, n, band: bandToExceed(band) }
  if (none(reference) && none(other)) {
    return { ...found, pValue: 1, verdict: 'no difference', sentence: 'no difference: both are 0' }
  }
  if ((none(reference) && some(other)) || (some(reference) && none(other))) {
    const { pValue } = test(reference.map(Math.sign), other.map(Math.sign))
    const sentence = none(reference) ? `some, where ${than} has none` : `none, unlike ${than}`
    return { ...found, pValue, verdict: 'different', sentence }
  }
  return notClaimed('a ratio needs figures above zero', n, band)
}

function obstacleTo(n: number, band: NoiseBand | null): string | null {
  if (n < BLOCKS_FOR_A_CLAIM) return `${blocks(n)}, and a claim takes ${BLOCKS_FOR_A_CLAIM}`
  if (band === null) return 'no A/A pairs say how noisy this figure is'
  if (band.n < BLOCKS_FOR_A_CLAIM) {
    return `A/A pairs from ${blocks(band.n)} only, and a claim takes ${BLOCKS_FOR_A_CLAIM}`
  }
  return null
}

function bandToExceed(band: NoiseBand | null): number {
  return Math.max(band?.share ?? 0, SMALLEST_CLAIM)
}

/** `16 % more than sse (12 % to 21 %)`; from the double on, `5.2 times that of sse (4.9 to 5.6)`. */
function differenceIn(shift: number, interval: Interval, than: string): string {
  const ratio = Math.exp(shift)
  if (ratio >= 2 || ratio <= 0.5) {
    const [low, high] = [Math.exp(interval.low), Math.exp(interval.high)]
    return `${ratio.toPrecision(2)} times that of ${than} (${low.toPrecision(2)} to ${high.toPrecision(2)})`
  }
  const shares = [interval.low, interval.high].map(value => Math.abs(Math.expm1(value))).sort((a, b) => a - b)
  const range = shares.map(percent).join(' to ')
  return `${percent(Math.abs(ratio - 1))} ${shift > 0 ? 'more' : 'less'} than ${than} (${range})`
}

function blocks(n: number): string {
  return n === 1 ? '1 block' : `${n} blocks`
}
