import { expect, test } from 'vitest'
import { createRandom } from '../processes/random.ts'
import { claimCaveats } from './comparison/claim-caveats.ts'
import { compareArms } from './comparison/compare-arms.ts'
import { noiseBands } from './comparison/noise-bands.ts'
import type { Trial } from './result.ts'
import { type Circumstances, runCaveats } from './run-caveats.ts'
import { simulateTrials, trialOf } from './simulate-trials.ts'

function caveatsOf(changes: Partial<Circumstances>): string[] {
  return runCaveats({
    options: { tier: 'standard', url: null },
    choice: { scenarios: [], skipped: [], changed: [] },
    complete: true,
    dirty: false,
    loadAverage: 0,
    uncalibrated: [],
    trials: [],
    summary: [],
    comparisons: [],
    bands: [],
    ...changes,
  })
}

test('what the fleet can take and nobody knows is a caveat of the run', () => {
  const sentence = 'What the fleet can take of sse is not known, and not checked: it broke.'
  expect(caveatsOf({ uncalibrated: [sentence] })).toContain(sentence)
})

test('changed axes are said of the scenarios that they were changed in, and of no others', () => {
  const said = (changed: Circumstances['choice']['changed']) =>
    caveatsOf({ choice: { scenarios: [], skipped: [], changed } }).filter(caveat => /axes/.test(caveat))
  expect(said([])).toEqual([])
  expect(said(['delivery', 'sparse'])).toEqual([
    'The command line changed the axes of delivery, sparse; see each trial.',
  ])
})

function claimsOf(scenarios: readonly string[], trials: readonly Trial[]): string[] {
  const bands = noiseBands(trials)
  return claimCaveats(scenarios, trials, compareArms(trials, bands, 1), bands)
}

const delivery = (blocks: number) =>
  simulateTrials({ blocks, random: createRandom(1), noise: 0.03, outliers: 0 })
const sparse = (blocks: number) => delivery(blocks).map(trial => ({ ...trial, scenario: 'sparse' as const }))
const throughput = trialOf({ scenario: 'throughput', arm: 'poll' })

test('too few blocks are not publishable, and the run says in which scenarios', () => {
  expect(claimsOf(['delivery', 'sparse', 'throughput'], [...delivery(9), ...sparse(7), throughput])).toEqual([
    'Not publishable are the figures of sparse, throughput: fewer than 8 blocks, so no difference is claimed there.',
  ])
  expect(claimsOf(['delivery', 'throughput'], [...delivery(2), throughput])).toEqual([
    'Not publishable: fewer than 8 blocks in every scenario, so no difference is claimed.',
  ])
  expect(claimsOf(['delivery'], delivery(7))).toEqual([
    'Not publishable: fewer than 8 blocks in delivery, so no difference is claimed.',
  ])
  expect(claimsOf(['delivery', 'sparse'], [...delivery(8), ...sparse(8)])).toEqual([])
})

test('where there are blocks enough, silence is said in the same caveat', () => {
  const failed = sparse(8).map(trial =>
    trial.block === 1 && trial.arm !== 'sse' ? { ...trial, verdict: 'failed' as const, values: {} } : trial,
  )
  expect(claimsOf(['delivery', 'sparse', 'throughput'], [...delivery(8), ...failed, throughput])).toEqual([
    'Not publishable are the figures of throughput: fewer than 8 blocks, so no difference is claimed there. No difference is claimed in sparse either; the report says why.',
  ])
  const single = delivery(8).filter(({ twin }) => !twin)
  expect(claimsOf(['delivery'], single)).toEqual([
    'No difference is claimed: the reference arm never ran twice in one block, so the noise is unknown.',
  ])
})
