import { median } from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../processes/random.ts'
import { bootstrapMedian, bootstrapMedianDifference } from './bootstrap.ts'
import { labelExchangeTest, signFlipTest } from './permutation-test.ts'

/** Every way to draw `values.length` of `values` with replacement, as the sorted medians. */
function allResampledMedians(values: readonly number[]): number[] {
  const n = values.length
  return Array.from({ length: n ** n }, (_, code) =>
    median(values.map((_, place) => values[Math.floor(code / n ** place) % n] ?? 0)),
  ).sort((a, b) => a - b)
}

describe('the bootstrap of the median', () => {
  test.each([[[1, 2, 4, 8, 16]], [[3, 1, 2]], [[10, 10.1, 9.9, 10.2, 14, 10]]])(
    'of %j gives the interval of all resamples there are',
    values => {
      const all = allResampledMedians(values)
      const interval = bootstrapMedian(values, createRandom(1))
      expect(interval).toEqual({
        low: all[Math.floor(all.length * 0.025)],
        high: all[Math.floor(all.length * 0.975)],
      })
    },
  )

  test('holds the true median about as often as it says', () => {
    const random = createRandom(5)
    // Of nine values the interval is from the second to the second but last, which hold the median in 96 %.
    const intervals = Array.from({ length: 300 }, () => {
      const values = Array.from({ length: 9 }, random)
      return bootstrapMedian(values, random)
    })
    const held = intervals.filter(
      interval => interval !== null && interval.low <= 0.5 && interval.high >= 0.5,
    )
    expect(held.length / intervals.length).toBeGreaterThan(0.92)
    expect(held.length / intervals.length).toBeLessThan(0.99)
  })

  test('is the same for the same seed, and absent with fewer than three values', () => {
    const values = [5, 9, 2, 7]
    expect(bootstrapMedian(values, createRandom(3))).toEqual(bootstrapMedian(values, createRandom(3)))
    expect(bootstrapMedian([1, 2], createRandom(1))).toBeNull()
    expect(bootstrapMedianDifference([1, 2], [1, 2, 3], createRandom(1))).toBeNull()
  })

  test('of a difference between two equal constants is nothing', () => {
    expect(bootstrapMedianDifference([4, 4, 4], [4, 4, 4], createRandom(1))).toEqual({ low: 0, high: 0 })
    expect(bootstrapMedianDifference([1, 1, 1], [4, 4, 4], createRandom(1))).toEqual({ low: 3, high: 3 })
  })
})

describe('the sign-flip test', () => {
  /** Darwin's maize, eighths of an inch: cross- less self-fertilized, 15 pairs. */
  const MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

  test('gives what Fisher counted for Darwin’s maize: 1,726 of 32,768', () => {
    expect(signFlipTest(MAIZE, createRandom(1))).toBe(1726 / 32768)
  })

  test('drawn at random comes close to what would be counted', () => {
    // A sixteenth pair without a difference halves nothing and doubles nothing: p stays what it was.
    expect(signFlipTest([...MAIZE, 0], createRandom(1))).toBeCloseTo(1726 / 32768, 2)
  })

  test('of eight pairs all on one side is 2 in 256, whatever their sizes', () => {
    expect(signFlipTest([1, 2, 3, 4, 5, 6, 7, 800], createRandom(1))).toBe(2 / 256)
    expect(signFlipTest([-0.1, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1], createRandom(1))).toBe(2 / 256)
  })

  test('of no difference at all is 1', () => {
    expect(signFlipTest([0, 0, 0], createRandom(1))).toBe(1)
    expect(signFlipTest([0.1, -0.1, 0.2, -0.2], createRandom(1))).toBe(1)
  })

  test('claims at 5 % in no more than 5 % of experiments without an effect', () => {
    const random = createRandom(11)
    const small = Array.from({ length: 1_000 }, () =>
      signFlipTest(
        Array.from({ length: 8 }, () => random() - 0.5),
        random,
      ),
    ).filter(p => p <= 0.05)
    expect(small.length).toBeGreaterThan(25)
    expect(small.length).toBeLessThan(70)
  })
})

describe('the label-exchange test', () => {
  test('of three values all below three others is 2 in 20', () => {
    expect(labelExchangeTest([1, 2, 3], [4, 5, 6], createRandom(1))).toBe(2 / 20)
  })

  test('of the mice of Efron and Tibshirani, chapter 15, gives what counting all assignments gives', () => {
    const treated = [94, 197, 16, 38, 99, 141, 23]
    const control = [52, 104, 146, 10, 51, 30, 40, 27, 46]
    // Counted over all C(16, 7) = 11,440, two-sided. One-sided it is 1,613, or 0.141; the book draws some and has 0.132.
    expect(labelExchangeTest(treated, control, createRandom(1))).toBe(3184 / 11440)
  })

  test('drawn at random comes close to what would be counted', () => {
    const a = Array.from({ length: 12 }, (_, index) => index)
    const b = a.map(value => value + 12)
    expect(labelExchangeTest(a, b, createRandom(1))).toBe(1 / 10_000)
    expect(labelExchangeTest(a, a, createRandom(1))).toBe(1)
  })
})
