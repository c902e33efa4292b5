import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSpread } from './spread.ts'

test('exactly as many as wanted are chosen, and neighbours lie at most one step off the average distance', () => {
  fc.assert(
    fc.property(
      fc.nat(300).chain(among => fc.tuple(fc.nat(among), fc.constant(among))),
      fc.nat(2 ** 32 - 1),
      ([chosen, among], drawn) => {
        const isChosen = createSpread(chosen, among, drawn / 2 ** 32)
        const indices = Array.from({ length: among }, isChosen).flatMap((yes, index) => (yes ? index : []))
        expect(indices).toHaveLength(chosen)
        const gaps = indices.slice(1).map((index, before) => index - (indices[before] ?? 0))
        for (const gap of gaps) expect(Math.abs(gap - among / chosen)).toBeLessThanOrEqual(1)
      },
    ),
  )
})

test('more than there are cannot be chosen', () => {
  expect(() => createSpread(3, 2, 0)).toThrow('choose fewer')
})
