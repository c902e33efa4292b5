import { expect, test } from 'vitest'
import { forEachTechnique, type Technique } from '../../../../server/protocol/techniques.ts'
import { findInsights, type Measured } from './insight.ts'
import type { Summary } from './recorder.ts'

function lane(meanMs: number, p50Ms = meanMs, instants = 100, medianErrorMs = 0.1): Summary {
  const [p90Ms, p99Ms, maxMs] = [p50Ms * 1.8, p50Ms * 2, p50Ms * 2]
  return { count: instants, instants, meanMs, p50Ms, p90Ms, p99Ms, maxMs, medianErrorMs }
}

/** These lanes are on; all others are off. */
function lanes(on: Partial<Record<Technique, Summary>>): Measured['lanes'] {
  return forEachTechnique(technique => on[technique] ?? null)
}

const measured: Measured = {
  lanes: lanes({ poll: lane(541), 'long-poll': lane(46), sse: lane(44), websocket: lane(44) }),
  pollIntervalMs: 1_000,
  clockUncertaintyMs: 0.3,
}

test('polling is compared with half its interval plus one way', () => {
  expect(findInsights(measured)[0]).toMatchObject({
    name: 'half-interval',
    technique: 'poll',
    measuredMs: 541,
    expectedMs: 544,
    oneWayMs: 44,
    agrees: true,
  })
})

test('polling that is further off than chance explains is said to be', () => {
  const off = { ...measured, lanes: { ...measured.lanes, poll: lane(800) } }
  expect(findInsights(off)[0]).toMatchObject({ name: 'half-interval', agrees: false })
})

test('a burst is one observation, so it widens what chance may explain', () => {
  const few = { ...measured, lanes: { ...measured.lanes, poll: lane(800, 800, 9) } }
  expect(findInsights(few)[0]).toMatchObject({ name: 'half-interval', agrees: true })
})

test('the soonest and the latest of the pushing techniques are named', () => {
  expect(findInsights(measured)[1]).toEqual({
    name: 'ranking',
    soonest: 'sse',
    soonestMs: 44,
    latest: 'long-poll',
    latestMs: 46,
  })
})

test('a difference smaller than the uncertainty of the clock is no difference', () => {
  expect(findInsights({ ...measured, clockUncertaintyMs: 2.5 })[1]).toEqual({
    name: 'no-difference',
    techniques: ['long-poll', 'sse', 'websocket'],
    apartMs: 2,
    toleranceMs: 2.5,
  })
})

test('a difference that chance alone may make is no difference either', () => {
  const noisy = { ...measured.lanes, 'long-poll': lane(46, 46, 100, 4), sse: lane(44, 44, 100, 3) }
  expect(findInsights({ ...measured, lanes: noisy })[1]).toMatchObject({
    name: 'no-difference',
    toleranceMs: 5,
  })
})

test('a lane that is off, or has measured nothing, is in no finding', () => {
  const two = { ...measured.lanes, 'long-poll': null, websocket: null }
  expect(findInsights({ ...measured, lanes: two }).map(({ name }) => name)).toEqual(['half-interval'])
  const noStream = { ...measured.lanes, sse: null, websocket: null }
  expect(findInsights({ ...measured, lanes: noStream })).toEqual([])
})

test('nothing is found before there is enough to compare', () => {
  const early = { ...measured, lanes: lanes({ sse: lane(4, 4, 3) }) }
  expect(findInsights(early)).toEqual([{ name: 'too-early', have: 3, need: 8 }])
})
