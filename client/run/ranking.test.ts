import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NoiseBand, SummaryRow } from '../../server/protocol/run.ts'
import { rank, rankingOf } from './ranking.ts'
import { scenarioTables } from './scenario-table.ts'
import { formatFigure } from './table.ts'
import { METRICS, row } from './testing/synthetic-run.ts'

const band: NoiseBand = { scenario: 'delivery', arm: 'sse', metric: 'latency-p50', share: 0.03, n: 8 }

/** The place of each figure in the order given, and what is said of those without one. */
function rankingIn(summary: readonly SummaryRow[], bands: readonly NoiseBand[] = [band]) {
  const [table] = scenarioTables([{ summary, scenarios: [], metrics: METRICS }])
  if (table === undefined) throw new Error('no table')
  const { ranks, unranked } = rankingOf({ bands }, table)
  return { places: summary.map(each => ranks.get(each)?.place ?? null), ...unranked }
}

test('with eight trials behind each, and as many A/A pairs, the best is called the best', () => {
  expect(rankingIn([row({ value: 2 }), row({ arm: 'poll', value: 5 })])).toEqual({
    places: ['best', 'behind'],
    trials: null,
    pairs: [],
    bound: [],
    belowNothing: [],
  })
})

test('with fewer trials nothing is ranked, and the others only among themselves', () => {
  const few = [row({ value: 2, n: 1 }), row({ arm: 'poll', value: 5, n: 3 })]
  expect(rankingIn(few)).toMatchObject({ places: [null, null], trials: [1, 3] })
  const others = [row({ arm: 'websocket', value: 3 }), row({ arm: 'long-poll', value: 4 })]
  expect(rankingIn([...others, row({ value: 2, n: 7 })])).toMatchObject({
    places: ['best', 'behind', null],
    trials: [7, 7],
  })
})

test('a figure of unknown noise is not ranked', () => {
  const rows = [row({ value: 2 }), row({ arm: 'poll', value: 5 })]
  for (const bands of [[], [{ ...band, n: 7 }]]) {
    expect(rankingIn(rows, bands)).toMatchObject({ places: [null, null], pairs: ['latency-p50'] })
  }
})

test('a refused figure is never the best', () => {
  const rows = [row({ value: 1, verdict: 'refused' }), row({ arm: 'poll', value: 5 })]
  expect(rankingIn([...rows, row({ arm: 'websocket', value: 6 })]).places).toEqual([null, 'best', 'behind'])
})

test('nothing is ranked where a cost is below zero', () => {
  const rows = [row({ value: -186 }), row({ arm: 'poll', value: 23_495 })]
  expect(rankingIn(rows)).toMatchObject({ places: [null, null], belowNothing: ['latency-p50'] })
})

test('beside a figure that is a bound none is the best', () => {
  const capacity = { metric: 'capacity-deliveries' }
  const bound = row({ ...capacity, value: 500, verdict: 'flagged', bound: 'at-least' })
  expect(
    rankingIn([bound, row({ ...capacity, arm: 'poll', value: 600 })], [{ ...band, metric: capacity.metric }]),
  ).toMatchObject({ places: [null, null], bound: ['capacity-deliveries'] })
  expect(formatFigure(bound)).toBe('≥ 500')
  expect(formatFigure(row({ value: 500, bound: 'at-most' }))).toBe('≤ 500')
  expect(formatFigure(row({ value: 500 }))).toBe('500')
})

test('a figure alone is not compared, and no reason is given', () => {
  expect(rankingIn([row({ n: 1 })])).toMatchObject({ places: [null], trials: null })
})

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

test('where no figure is behind none is the best', () => {
  expect(places(rank([1, 1, 1.01], 0.02, true))).toEqual(['level', 'level', 'level'])
})

test('what has no figure is not ranked, and one alone is not compared', () => {
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

test('a metric of which neither direction is better has no ranks', () => {
  const rows = [
    row({ metric: 'wire-payload', value: 2 }),
    row({ metric: 'wire-payload', arm: 'poll', value: 5 }),
  ]
  expect(rankingIn(rows, [{ ...band, metric: 'wire-payload' }])).toMatchObject({
    places: [null, null],
    pairs: [],
  })
})
