import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rank } from './rank.ts'

const ratios = (ranks: ReturnType<typeof rank>) => ranks.map(each => each?.ratio ?? null)
const places = (ranks: ReturnType<typeof rank>) => ranks.map(each => each?.place ?? null)
const steps = (ranks: ReturnType<typeof rank>) => ranks.map(each => each?.step ?? null)

test('each figure is divided by the best, and coloured the deeper the further it is', () => {
  const ranks = rank([10, 14, 29, 50, 1_000], 0.02, false)
  expect(ratios(ranks)).toEqual([1, 1.4, 2.9, 5, 100])
  expect(places(ranks)).toEqual(['best', 'behind', 'behind', 'behind', 'behind'])
  expect(steps(ranks)).toEqual([0, 1, 2, 3, 4])
})

test('where more is better the largest is the best, and the ratio is what it is', () => {
  const ranks = rank([500, 1_000, 100], 0.02, true)
  expect(ratios(ranks)).toEqual([0.5, 1, 0.1])
  expect(places(ranks)).toEqual(['behind', 'best', 'behind'])
  expect(steps(ranks)).toEqual([2, 0, 4])
})

test('what is equal within noise has the same colour, also at the edge of a step', () => {
  expect(places(rank([10, 10.2, 20], 0.03, false))).toEqual(['best', 'equal', 'behind'])
  expect(steps(rank([10, 10.2, 20], 0.03, false))).toEqual([0, 0, 2])
  expect(steps(rank([10, 14.9, 15.1], 0.03, false))).toEqual([0, 1, 1])
  expect(steps(rank([10, 14.9, 15.1], 0.001, false))).toEqual([0, 1, 2])
})

test('where nobody is behind nobody is the best', () => {
  expect(places(rank([1, 1, 1.01], 0.02, true))).toEqual(['level', 'level', 'level'])
})

test('what has no figure is not ranked, and one alone is compared with nobody', () => {
  expect(places(rank([null, 2, 3], 0.02, false))).toEqual([null, 'best', 'behind'])
  expect(rank([null, 2], 0.02, false)).toEqual([null, null])
})

test('nothing is the best of costs, and something is no multiple of it', () => {
  expect(rank([0, 67, 0], 0.02, false)).toEqual([
    { ratio: 1, place: 'best', step: 0 },
    { ratio: null, place: 'behind', step: 4 },
    { ratio: 1, place: 'best', step: 0 },
  ])
  expect(ratios(rank([0, 5], 0.02, true))).toEqual([0, 1])
})

test('no two figures within noise of one another ever differ in colour, and the worse is never paler', () => {
  const figure = fc.double({ min: 1e-3, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(fc.array(figure, { minLength: 2, maxLength: 8 }), fc.boolean(), (values, higher) => {
      const ranks = steps(rank(values, 0.05, higher))
      for (const [i, one] of values.entries()) {
        for (const [j, other] of values.entries()) {
          const [a = -1, b = -1] = [ranks[i], ranks[j]]
          if (Math.abs(Math.log(one / other)) <= 0.05 - 1e-9) expect(a).toBe(b)
          if (higher ? one < other : one > other) expect(a).toBeGreaterThanOrEqual(b ?? 0)
        }
      }
    }),
  )
})
