import { describe, expect, test } from 'vitest'
import { checkComplete } from '../checks.ts'
import type { Trial } from '../result.ts'
import { trialOf } from '../testing/simulated-run.ts'
import { compareArms } from './compare-arms.ts'
import { noiseBands } from './noise-bands.ts'

function compare(trials: readonly Trial[]) {
  return compareArms(trials, noiseBands(trials), 1)
}

/** Eight blocks of sse, its twin and one other arm, with the values that the functions give for a block. */
function eightBlocks(
  values: { sse(block: number): number; twin(block: number): number; other(block: number): number },
  changes: Partial<Trial> = {},
  blocks = 8,
): Trial[] {
  return Array.from({ length: blocks }, (_, index) => index + 1).flatMap(block => {
    const trial = (value: number, more: Partial<Trial>) =>
      trialOf({ block, values: { 'wire-down': value }, ...changes, ...more })
    return [
      trial(values.sse(block), {}),
      trial(values.twin(block), { twin: true }),
      trial(values.other(block), { arm: 'websocket' }),
    ]
  })
}

const PACE = (block: number) => 100 + 20 * block

describe('a comparison', () => {
  test('is paired by block: what a whole block shares does not count', () => {
    const [found] = compare(
      eightBlocks({ sse: PACE, twin: block => PACE(block) * 1.01, other: block => PACE(block) * 1.3 }),
    )
    expect(found).toMatchObject({
      scenario: 'delivery',
      metric: 'wire-down',
      arm: 'websocket',
      reference: 'sse',
      n: 8,
      pValue: 2 / 256,
      verdict: 'different',
      obstacle: null,
      zero: null,
    })
    expect(found?.ratio).toBeCloseTo(1.3)
    expect(found?.band).toBeCloseTo(Math.log(1.02))
  })

  test('claims nothing within the band', () => {
    const noisy = eightBlocks({
      sse: PACE,
      twin: block => PACE(block) * (block === 3 ? 1.2 : 1),
      other: block => PACE(block) * 1.1,
    })
    expect(noiseBands(noisy)).toEqual([
      { scenario: 'delivery', arm: 'sse', metric: 'wire-down', share: expect.closeTo(Math.log(1.2)), n: 8 },
    ])
    expect(compare(noisy)[0]).toMatchObject({
      verdict: 'no-difference',
      band: expect.closeTo(Math.log(1.2)),
    })
  })

  test('claims nothing where the interval holds 1, however far it reaches', () => {
    const [found] = compare(
      eightBlocks({ sse: PACE, twin: PACE, other: block => PACE(block) * (block % 2 === 0 ? 1.5 : 0.7) }),
    )
    expect(found?.verdict).toBe('no-difference')
    expect(found?.interval).toEqual({ low: expect.closeTo(0.7), high: expect.closeTo(1.5) })
  })

  test('claims no difference below 2 %, however quiet the machine', () => {
    const at = (ratio: number) =>
      compare(eightBlocks({ sse: PACE, twin: PACE, other: block => PACE(block) * ratio }))[0]?.verdict
    expect([at(1.019), at(1.021), at(1 / 1.021)]).toEqual(['no-difference', 'different', 'different'])
  })

  test('claims nothing with fewer than eight blocks, and leaves refused trials out', () => {
    const values = { sse: PACE, twin: PACE, other: (block: number) => PACE(block) * 3 }
    expect(compare(eightBlocks(values, {}, 7))[0]).toMatchObject({
      n: 7,
      pValue: null,
      verdict: 'not-claimed',
      obstacle: { code: 'too-few-blocks', params: { blocks: 7, needed: 8 } },
    })
    const lossy = checkComplete({ expected: 2, delivered: 1, repeated: 0, disordered: 0 })
    const lost = eightBlocks(values).map(trial =>
      trial.arm === 'websocket' && trial.block === 5 ? { ...trial, checks: [lossy] } : trial,
    )
    expect(compare(lost)[0]).toMatchObject({ n: 7, verdict: 'not-claimed' })
  })

  test('claims nothing where no A/A pairs tell the noise, or too few of them', () => {
    const values = { sse: PACE, twin: PACE, other: (block: number) => PACE(block) * 3 }
    const trials = eightBlocks(values)
    expect(compare(trials.filter(({ twin }) => !twin))[0]).toMatchObject({
      ratio: expect.closeTo(3),
      verdict: 'not-claimed',
      obstacle: { code: 'no-noise-pairs', params: {} },
    })
    expect(compare(trials.filter(({ twin, block }) => !twin || block > 1))[0]?.obstacle).toEqual({
      code: 'too-few-noise-pairs',
      params: { pairs: 7, needed: 8 },
    })
  })

  test('takes no band from another scenario, where the same metric is another quantity', () => {
    const delivery = eightBlocks({ sse: PACE, twin: PACE, other: PACE })
    const elsewhere = eightBlocks(
      { sse: PACE, twin: PACE, other: block => PACE(block) * 1.4 },
      { scenario: 'sparse' },
    )
    const found = (trials: readonly Trial[]) =>
      compare([...delivery, ...trials]).find(({ scenario }) => scenario === 'sparse')
    expect(found(elsewhere)).toMatchObject({ verdict: 'different' })
    expect(found(elsewhere.filter(({ twin }) => !twin))).toMatchObject({
      verdict: 'not-claimed',
      obstacle: { code: 'no-noise-pairs', params: {} },
    })
  })

  test('compares nothing with something without a ratio', () => {
    const zero = () => 0
    expect(compare(eightBlocks({ sse: zero, twin: zero, other: PACE }))[0]).toMatchObject({
      ratio: null,
      pValue: 2 / 256,
      verdict: 'different',
      zero: 'reference',
    })
    expect(compare(eightBlocks({ sse: PACE, twin: PACE, other: zero }))[0]).toMatchObject({
      verdict: 'different',
      zero: 'arm',
    })
    expect(compare(eightBlocks({ sse: zero, twin: zero, other: zero }))[0]).toMatchObject({
      verdict: 'no-difference',
      zero: 'both',
      obstacle: null,
    })
    const mixed = eightBlocks({ sse: zero, twin: zero, other: block => block - 1 })
    expect(compare(mixed)[0]).toMatchObject({
      verdict: 'not-claimed',
      obstacle: { code: 'figures-not-positive', params: {} },
    })
  })

  test('keeps the places of a sweep apart, and claims no CPU behind the link', () => {
    const values = { sse: PACE, twin: PACE, other: PACE }
    const trials = [null, 0, 50].flatMap(distanceMs =>
      eightBlocks(values, {
        at: distanceMs === null ? null : { axis: 'distanceMs', value: distanceMs },
        axes: { distanceMs },
        values: { 'wire-down': 1, 'cpu-per-delivery': 1 },
      }),
    )
    expect(compare(trials).map(({ at, metric }) => `${at?.value} ${metric}`)).toEqual([
      'undefined cpu-per-delivery',
      'undefined wire-down',
      '0 wire-down',
      '50 wire-down',
    ])
  })

  test('of a percentile needs the publishes that the percentile needs', () => {
    const values = { sse: PACE, twin: PACE, other: PACE }
    const trials = eightBlocks(values, { values: { 'latency-p99': 1 }, publishes: 5 })
    expect(compare(trials)[0]?.obstacle).toEqual({
      code: 'too-few-publishes',
      params: { publishes: 40, needed: 1_000 },
    })
  })
})
