import { describe, expect, test } from 'vitest'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { createRandom } from '../../processes/random.ts'
import type { BenchRun } from '../result.ts'
import { runOf, simulateTrials, trialOf } from '../testing/simulated-run.ts'
import { compareRuns } from './compare-runs.ts'

function simulate(seed: number, websocket = 1, changes: Partial<BenchRun> = {}, blocks = 8): BenchRun {
  const random = createRandom(seed)
  const trials = simulateTrials({ blocks, random, noise: 0.03, outliers: 0, effects: { websocket } })
  return runOf(trials, { id: `run-${seed}`, ...changes })
}

describe('two runs of the same machine', () => {
  test('show what one of them changed, and nothing else', () => {
    const { rows, warnings } = compareRuns(simulate(1), simulate(2, 1.4))
    expect(warnings).toEqual([])
    expect(rows).toHaveLength(2 * TECHNIQUES.length)
    const changed = rows.filter(({ verdict }) => verdict === 'different')
    expect(changed.map(({ arm, metric }) => `${arm} ${metric}`)).toEqual([
      'websocket latency-p50',
      'websocket cpu-per-delivery',
    ])
    expect(changed[0]?.ratio).toBeGreaterThan(1.25)
    expect(rows.find(({ arm }) => arm === 'poll')?.verdict).toBe('no-difference')
  })

  test('differ in at most 5 % of all comparisons of equals', { timeout: 30_000 }, () => {
    const rows = Array.from({ length: 25 }, (_, index) =>
      compareRuns(simulate(100 + index), simulate(200 + index)),
    ).flatMap(comparison => comparison.rows)
    expect(rows.length).toBeGreaterThanOrEqual(200)
    const different = rows.filter(({ verdict }) => verdict === 'different')
    expect(different.length / rows.length).toBeLessThanOrEqual(0.05)
  })

  test('are compared by the wider of their bands', () => {
    const [a, b] = [simulate(1), simulate(2, 1.4)]
    const noisy = { ...b, bands: b.bands.map(band => ({ ...band, share: 0.5 })) }
    const rows = compareRuns(a, noisy).rows
    expect(rows.every(({ band, verdict }) => band === 0.5 && verdict === 'no-difference')).toBe(true)
  })

  test('claim nothing when one of them has fewer than eight blocks', () => {
    const { rows } = compareRuns(simulate(1), simulate(2, 1.4, {}, 7))
    for (const { obstacle } of rows) {
      expect(obstacle).toEqual({ code: 'too-few-blocks', params: { blocks: 7, needed: 8 } })
    }
  })

  test('judge exact counts by the same rule', () => {
    const counted = (bytes: number) =>
      runOf(
        Array.from({ length: 8 }, (_, index) => index + 1).flatMap(block =>
          [false, true].map(twin => trialOf({ block, twin, values: { 'wire-down': bytes } })),
        ),
      )
    const verdict = (bytes: number) => compareRuns(counted(200), counted(bytes)).rows[0]?.verdict
    expect([200, 202, 300].map(verdict)).toEqual(['no-difference', 'no-difference', 'different'])
  })
})

describe('two unlike runs', () => {
  test.each<[string, Partial<BenchRun>]>([
    ['machine', { provenance: { ...simulate(1).provenance, cores: 64 } }],
    ['node', { provenance: { ...simulate(1).provenance, node: 'v24.0.0' } }],
    ['pinning', { provenance: { ...simulate(1).provenance, serverCore: 0 } }],
    ['tier', { tier: 'full' }],
  ])('warn that %s differs and claim nothing on absolute numbers', (what, changes) => {
    const { rows, warnings } = compareRuns(simulate(1), simulate(2, 1.4, changes))
    expect(warnings).toMatchObject([{ code: 'circumstance-differs', params: { what } }])
    for (const { verdict, obstacle } of rows) {
      expect(verdict).toBe('not-claimed')
      expect(obstacle).toEqual({ code: 'circumstances-differ', params: { what: [what] } })
    }
    expect(rows.every(({ ratio }) => ratio !== null)).toBe(true)
  })

  test('may still differ in how far they are from their own floors', () => {
    const overFloor = (us: number, node: string) =>
      runOf(
        Array.from({ length: 8 }, (_, index) => index + 1).flatMap(block => [
          trialOf({ block, values: { 'cpu-per-delivery': us } }),
          trialOf({ block, twin: true, values: { 'cpu-per-delivery': us } }),
          trialOf({ block, arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 10 } }),
        ]),
        { provenance: { node } },
      )
    const { rows } = compareRuns(overFloor(11, 'v20'), overFloor(15, 'v24'))
    const verdicts = Object.fromEntries(rows.map(({ metric, as, verdict }) => [`${metric} ${as}`, verdict]))
    expect(verdicts).toEqual({
      'cpu-per-delivery null': 'not-claimed',
      'times-floor null': 'different',
      'cpu-per-delivery sse': 'not-claimed',
    })
  })

  test('claim nothing at all where the axes differ, and name what only one of them has', () => {
    const of = (readers: number, arm: 'sse' | 'poll') =>
      runOf([
        trialOf({ axes: { readers }, values: { 'wire-down': 1 } }),
        trialOf({ axes: { readers }, scenario: 'sparse', arm, values: { 'wire-down': 1 } }),
      ])
    const { rows, warnings } = compareRuns(of(100, 'sse'), of(200, 'poll'))
    expect(rows.map(({ obstacle }) => obstacle)).toEqual([{ code: 'axes-differ', params: {} }])
    const only = { scenario: 'sparse', as: null, axis: null, value: null }
    expect(warnings).toEqual([
      { code: 'axis-differs', params: { scenario: 'delivery', axis: 'readers', a: '100', b: '200' } },
      { code: 'only-in-one', params: { side: 'a', arm: 'sse', ...only } },
      { code: 'only-in-one', params: { side: 'b', arm: 'poll', ...only } },
    ])
  })
})
