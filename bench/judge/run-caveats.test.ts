import { expect, test } from 'vitest'
import type { Fact } from '../../server/protocol/run.ts'
import { createRandom } from '../processes/random.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import { judgeRun } from './judge-run.ts'
import type { Trial } from './result.ts'
import { claimCaveats, type RunConditions, runCaveats } from './run-caveats.ts'
import { simulateTrials, trialOf } from './testing/simulated-run.ts'

function caveatsOf(changes: Partial<RunConditions>): Fact[] {
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

test('readers of which it is not known what the fleet can take are a caveat of the run', () => {
  const fact = { code: 'fleet-not-calibrated', params: { payloadBytes: 128, sentinelShare: 1 } }
  expect(caveatsOf({ uncalibrated: [fact] })).toContainEqual(fact)
})

test('changed axes are a caveat that names the scenarios in which they were changed', () => {
  const changedIn = (changed: RunConditions['choice']['changed']) =>
    caveatsOf({ choice: { scenarios: [], skipped: [], changed } }).filter(
      ({ code }) => code === 'axes-changed',
    )
  expect(changedIn([])).toEqual([])
  expect(changedIn(['delivery', 'sparse'])).toEqual([
    { code: 'axes-changed', params: { scenarios: ['delivery', 'sparse'] } },
  ])
})

test('a broken-off run of a dirty tree on a busy machine says so', () => {
  const said = caveatsOf({
    complete: false,
    dirty: true,
    loadAverage: 1.5,
    options: { tier: 'quick', url: null },
  })
  expect(said.map(({ code }) => code)).toEqual([
    'quick-look',
    'incomplete',
    'dirty-tree',
    'busy-machine',
    'one-machine',
    'short-heads',
  ])
})

function claimsOf(scenarios: readonly string[], trials: readonly Trial[]): Fact[] {
  return claimCaveats(scenarios, judgeRun(trials, 1))
}

function tooFewBlocks(all: boolean, ...scenarios: string[]): Fact {
  return { code: 'too-few-blocks', params: { scenarios, all, needed: 8 } }
}

const delivery = (blocks: number) =>
  simulateTrials({ blocks, random: createRandom(1), noise: 0.03, outliers: 0 })
const sparse = (blocks: number) => delivery(blocks).map(trial => ({ ...trial, scenario: 'sparse' as const }))
const throughput = trialOf({ scenario: 'throughput' })

test('too few blocks are not publishable, and the run says in which scenarios', () => {
  expect(claimsOf(['delivery', 'sparse', 'throughput'], [...delivery(9), ...sparse(7), throughput])).toEqual([
    tooFewBlocks(false, 'sparse', 'throughput'),
  ])
  expect(claimsOf(['delivery', 'throughput'], [...delivery(2), throughput])).toEqual([
    tooFewBlocks(true, 'delivery', 'throughput'),
  ])
  expect(claimsOf(['delivery'], delivery(7))).toEqual([tooFewBlocks(true, 'delivery')])
  expect(claimsOf(['delivery', 'sparse'], [...delivery(8), ...sparse(8)])).toEqual([])
})

test('scenarios with blocks enough in which nothing is claimed are named as well', () => {
  const failed = sparse(8).map(trial =>
    trial.block === 1 && trial.arm !== REFERENCE_ARM
      ? { ...trial, verdict: 'failed' as const, values: {} }
      : trial,
  )
  expect(claimsOf(['delivery', 'sparse', 'throughput'], [...delivery(8), ...failed, throughput])).toEqual([
    tooFewBlocks(false, 'throughput'),
    { code: 'nothing-claimed', params: { scenarios: ['sparse'] } },
  ])
  const single = delivery(8).filter(({ twin }) => !twin)
  expect(claimsOf(['delivery'], single)).toEqual([{ code: 'noise-unknown', params: {} }])
})
