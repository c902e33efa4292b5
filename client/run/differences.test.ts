import { expect, test } from 'vitest'
import { differencesOf, tooFewBlocks } from './differences.ts'
import { row, syntheticRun } from './testing/synthetic-run.ts'

const run = syntheticRun()

test('two runs of one machine with the same settings do not differ, whenever they ran', () => {
  const again = { ...run, id: 'again', provenance: { ...run.provenance, loadAverageBefore: 3, seed: 5 } }
  expect(differencesOf(run, again)).toEqual([])
})

test('machine, Node, tier and axes come before all else, in words and with units', () => {
  const trials = run.trials.map(trial =>
    trial.scenario === 'delivery' ? { ...trial, axes: { ...trial.axes, pollIntervalMs: 500 } } : trial,
  )
  const provenance = { ...run.provenance, commit: 'fff', dirty: true, node: 'v24.0.0', cpu: 'Another' }
  const differences = differencesOf(run, { ...run, tier: 'full', provenance, trials })
  expect(differences.map(({ about, name, a, b }) => [about, name, a, b])).toEqual([
    ['machine', 'cpu', 'Some CPU <b>', 'Another'],
    ['node', 'node', 'v20.20.2', 'v24.0.0'],
    ['tier', 'tier', 'standard', 'full'],
    ['axes', 'Delivery: poll interval', '197 ms', '500 ms'],
    ['code', 'commit', '0123456789', 'fff'],
    ['code', 'dirty', 'no', 'yes'],
  ])
  expect(differences.map(({ scenario }) => scenario)).toEqual([null, null, null, 'delivery', null, null])
})

test('what one run did not measure, or does not know of itself, is a difference', () => {
  const trials = run.trials.filter(({ scenario }) => scenario !== 'distance')
  const { cores: _cores, ...provenance } = run.provenance
  const differences = differencesOf(run, { ...run, trials, provenance })
  expect(differences).toContainEqual(expect.objectContaining({ name: 'Distance', a: 'measured', b: '–' }))
  expect(differences).toContainEqual(
    expect.objectContaining({ about: 'machine', name: 'cores', a: '2', b: '–' }),
  )
})

test('the places of a sweep are no difference of axes', () => {
  const reversed = { ...run, trials: run.trials.toReversed() }
  expect(differencesOf(run, reversed)).toEqual([])
})

test('few blocks are found behind any figure', () => {
  expect(tooFewBlocks({ ...run, summary: [row({ n: 8 }), row({ n: 2, value: null })] })).toBeNull()
  expect(tooFewBlocks({ ...run, summary: [row({ n: 8 }), row({ n: 2 })] })).toBe(2)
})
