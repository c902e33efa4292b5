import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkOffered } from '../judge/checks.ts'
import { deliveriesTaken, solveCost } from './fleet-cost.ts'

const work = (reads: number, delivered: number, perReadUs: number, perEventUs: number) => ({
  reads,
  delivered,
  cpuMs: (reads * perReadUs + delivered * perEventUs) / 1000,
})

test('the cost of a read and the cost of an event are found from two mixtures of them', () => {
  const cost = fc.double({ min: 0.1, max: 50, noNaN: true })
  fc.assert(
    fc.property(cost, cost, (perReadUs, perEventUs) => {
      const found = solveCost([
        work(20_000, 20_000, perReadUs, perEventUs),
        work(4_000, 64_000, perReadUs, perEventUs),
      ])
      expect(found.perReadUs).toBeCloseTo(perReadUs, 6)
      expect(found.perEventUs).toBeCloseTo(perEventUs, 6)
    }),
  )
})

test('a cost below zero is noise, and the other gets all of it', () => {
  const one = { reads: 100, delivered: 100, cpuMs: 1 }
  expect(solveCost([one, { reads: 100, delivered: 1_600, cpuMs: 0.9 }])).toEqual({
    perReadUs: 10,
    perEventUs: 0,
  })
  expect(solveCost([one, { reads: 100, delivered: 1_600, cpuMs: 100 }])).toEqual({
    perReadUs: 0,
    perEventUs: 10,
  })
})

test('a fleet that read nothing has no cost', () => {
  expect(() => solveCost([work(0, 0, 1, 1), work(0, 0, 1, 1)])).toThrow('read nothing')
})

test('coalesced deliveries leave more room than those that come one by one', () => {
  const cost = { perReadUs: 4, perEventUs: 1 }
  expect(deliveriesTaken(cost, 1)).toBe(200_000)
  expect(deliveriesTaken(cost, 1 / 16)).toBe(800_000)
})

test('an offer that comes near what the fleet can take is flagged, then refused', () => {
  expect(checkOffered(59_000, 100_000).verdict).toBe('ok')
  expect(checkOffered(61_000, 100_000).verdict).toBe('flagged')
  expect(checkOffered(81_000, 100_000)).toMatchObject({ value: 0.81, verdict: 'refused' })
})
