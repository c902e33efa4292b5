/**
 * How likely is a difference so large when there is none? No normal distribution is assumed: if the two are equals, it
 * is chance which of them a value belongs to, and every other assignment was as likely. Two-sided; the statistic is
 * the mean. All assignments of few values are enumerated; of many, a random part is drawn.
 */
import { mean } from 'simple-statistics'
import { type Random, shuffle } from '../../processes/random.ts'

/** 2^15 assignments at most, as many as Fisher had. */
const PAIRS_ENUMERATED = 15
/** C(16, 8) = 12,870 is two runs of eight blocks. */
const ASSIGNMENTS_ENUMERATED = 20_000
const ASSIGNMENTS_DRAWN = 9_999

/** Sums of the same numbers in another order differ by rounding; they are ties all the same. */
const ROUNDING = 1e-9

/**
 * Paired, by flipping signs (Fisher, The Design of Experiments, 1935, section 21): between equals, each difference
 * could as well have had the other sign. The smallest p that n pairs can give is 2 ÷ 2^n. `NaN` without pairs.
 */
export function signFlipTest(differences: readonly number[], random: Random): number {
  const n = differences.length
  if (n === 0) return Number.NaN
  const magnitudes = differences.map(Math.abs)
  const observed = Math.abs(sum(differences)) * (1 - ROUNDING)
  const asFar = (negative: (index: number) => boolean) =>
    Math.abs(sum(magnitudes.map((size, index) => (negative(index) ? -size : size)))) >= observed
  if (n > PAIRS_ENUMERATED) return share(() => asFar(() => random() < 0.5))
  let count = 0
  for (let signs = 0; signs < 2 ** n; signs++) if (asFar(index => ((signs >> index) & 1) === 1)) count++
  return count / 2 ** n
}

/**
 * Unpaired, by exchanging labels (Pitman, Significance tests which may be applied to samples from any populations,
 * 1937): between equals, any choice of as many values could have been called `a`. `NaN` if one of them is empty.
 */
export function labelExchangeTest(a: readonly number[], b: readonly number[], random: Random): number {
  if (a.length === 0 || b.length === 0) return Number.NaN
  const all = [...a, ...b]
  const total = sum(all)
  const observed = Math.abs(mean([...b]) - mean([...a])) * (1 - ROUNDING)
  const asFar = (sumOfA: number) => Math.abs((total - sumOfA) / b.length - sumOfA / a.length) >= observed
  if (assignments(all.length, a.length) > ASSIGNMENTS_ENUMERATED) {
    return share(() => asFar(sum(shuffle(all, random).slice(0, a.length))))
  }
  return countChoices(all, a.length, asFar) / assignments(all.length, a.length)
}

/** How many choices of `k` of the values, from `index` on, have a sum that fits. */
function countChoices(
  values: readonly number[],
  k: number,
  fits: (sum: number) => boolean,
  index = 0,
  before = 0,
): number {
  if (k === 0) return fits(before) ? 1 : 0
  if (values.length - index < k) return 0
  const taken = countChoices(values, k - 1, fits, index + 1, before + (values[index] ?? 0))
  return taken + countChoices(values, k, fits, index + 1, before)
}

/** The observed assignment counts as one of those drawn, so that p is never 0 (Phipson and Smyth, 2010). */
function share(asFar: () => boolean): number {
  let count = 1
  for (let drawn = 0; drawn < ASSIGNMENTS_DRAWN; drawn++) if (asFar()) count++
  return count / (ASSIGNMENTS_DRAWN + 1)
}

function assignments(n: number, k: number): number {
  let count = 1
  for (let index = 1; index <= k; index++) count *= (n - k + index) / index
  return Math.round(count)
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0)
}
