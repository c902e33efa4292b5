import { expect, test } from 'vitest'
import type { NoiseBand, SummaryRow } from '../../server/protocol/run.ts'
import { bandFor, bandToExceed, type Sides, standing } from './noise.ts'
import { row } from './testing/synthetic-run.ts'

const band: NoiseBand = { scenario: 'delivery', arm: 'sse', metric: 'latency-p50', share: 0.05, n: 8 }
const noisy = { bands: [band] }
const sides: Sides = {
  runs: [{ bands: [] }, noisy],
  scenario: 'delivery',
  metric: 'latency-p50',
  better: 'lower',
  sameAxes: true,
  sameCircumstances: true,
}
const both: Sides = { ...sides, runs: [noisy, noisy] }
const figure = (value: number | null, of: Partial<SummaryRow> = {}) =>
  row({
    value,
    interval: value === null ? null : { low: value * 0.99, high: value * 1.01 },
    ...of,
  })

test('the noise is the band of the scenario and metric, and never below 2 %', () => {
  const noise = (bands: readonly NoiseBand[], scenario: string, metric: string) =>
    bandToExceed(bandFor(bands, scenario, metric))
  expect(noise([band], 'delivery', 'latency-p50')).toBe(0.05)
  expect(noise([band], 'delivery', 'wire-down')).toBeCloseTo(Math.log(1.02), 12)
  expect(noise([{ ...band, share: 0.001 }], 'delivery', 'latency-p50')).toBeCloseTo(Math.log(1.02), 12)
})

test('the band of another scenario says nothing, since the same metric is another quantity there', () => {
  expect(bandFor([band], 'sparse', 'latency-p50')).toBeNull()
  const elsewhere = { ...both, scenario: 'sparse' }
  expect(standing(figure(100), figure(200), elsewhere)).toMatchObject({ name: 'not-claimed', why: 'pairs' })
})

test('two runs are equal within the larger of their bands', () => {
  expect(standing(figure(100), figure(104), sides)).toMatchObject({ name: 'equal', ratio: 1.04, noise: 0.05 })
  expect(standing(figure(0), figure(0), sides)).toMatchObject({ name: 'equal', ratio: 1 })
})

test('beyond it one is better, and which depends on the metric', () => {
  expect(standing(figure(100), figure(50), both)).toMatchObject({ name: 'better', ratio: 0.5 })
  expect(standing(figure(100), figure(200), both)).toMatchObject({ name: 'worse', ratio: 2 })
  const at = (better: Sides['better']) => standing(figure(100), figure(200), { ...both, better }).name
  expect(at('higher')).toBe('better')
  expect(at(null)).toBe('apart')
})

test('no difference is claimed with few blocks, unknown noise, or intervals that meet', () => {
  const why = (a: SummaryRow, b: SummaryRow, of: Sides) => {
    const stands = standing(a, b, of)
    return stands.name === 'not-claimed' ? stands.why : stands.name
  }
  expect(why(figure(100), figure(200, { n: 7 }), both)).toBe('blocks')
  expect(why(figure(100), figure(200), sides)).toBe('pairs')
  expect(why(figure(100), figure(110, { interval: { low: 100, high: 120 } }), both)).toBe('overlap')
  expect(why(figure(100), figure(200, { interval: null }), both)).toBe('overlap')
})

test('nothing is said of absolute figures of two machines, and nothing at all of other axes', () => {
  const elsewhere = { ...both, sameCircumstances: false }
  expect(standing(figure(100), figure(100), elsewhere)).toMatchObject({ why: 'circumstances' })
  const relative = { ...elsewhere, metric: 'times-floor' }
  expect(standing(figure(100), figure(101), relative)).toMatchObject({ name: 'equal' })
  expect(standing(figure(100), figure(101), { ...relative, sameAxes: false })).toMatchObject({ why: 'axes' })
})

test('there is no ratio to nothing, nor to what is missing', () => {
  for (const [a, b] of [
    [figure(0), figure(5)],
    [figure(5), figure(0)],
    [figure(null), figure(5)],
    [undefined, figure(5)],
  ] as const)
    expect(standing(a, b, both)).toEqual({ name: 'none', ratio: null })
})
