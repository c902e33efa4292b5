import { expect, test } from 'vitest'
import type { NoiseBand, SummaryRow } from '../../server/protocol/run.ts'
import { formatFigure } from './lower-bound.ts'
import { rankingOf } from './ranking.ts'
import { scenarioTables } from './scenario-table.ts'
import { row } from './testing/synthetic-run.ts'

const band: NoiseBand = { scenario: 'delivery', arm: 'sse', metric: 'latency-p50', share: 0.03, n: 8 }
const AT_LEAST = 'At least: beyond it the load process was the limit (generator-bound).'

/** The place of each figure in the order given, and what is said of those without one. */
function rankingIn(summary: readonly SummaryRow[], bands: readonly NoiseBand[] = [band]) {
  const [table] = scenarioTables([{ summary, questions: {} }])
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

test('where nobody knows how noisy a figure is, it is not ranked', () => {
  const rows = [row({ value: 2 }), row({ arm: 'poll', value: 5 })]
  for (const bands of [[], [{ ...band, n: 7 }]]) {
    expect(rankingIn(rows, bands)).toMatchObject({ places: [null, null], pairs: ['latency-p50'] })
  }
})

test('a refused figure is never the best', () => {
  const rows = [row({ value: 1, verdict: 'refused' }), row({ arm: 'poll', value: 5 })]
  expect(rankingIn([...rows, row({ arm: 'websocket', value: 6 })]).places).toEqual([null, 'best', 'behind'])
})

test('nothing is a multiple of less than nothing', () => {
  const rows = [row({ value: -186 }), row({ arm: 'poll', value: 23_495 })]
  expect(rankingIn(rows)).toMatchObject({ places: [null, null], belowNothing: ['latency-p50'] })
})

test('beside a figure of which only the least is known nobody is the best', () => {
  const capacity = { metric: 'capacity-deliveries', unit: '/s' }
  const bound = row({ ...capacity, value: 500, verdict: 'flagged', reasons: [AT_LEAST] })
  expect(
    rankingIn([bound, row({ ...capacity, arm: 'poll', value: 600 })], [{ ...band, metric: capacity.metric }]),
  ).toMatchObject({ places: [null, null], bound: ['capacity-deliveries'] })
  expect(formatFigure(bound, 500)).toBe('≥ 500')
  expect(formatFigure(row({ value: 500 }), 500)).toBe('500')
})

test('one alone is compared with nobody, and needs no excuse', () => {
  expect(rankingIn([row({ n: 1 })])).toMatchObject({ places: [null], trials: null })
})
