import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRandom } from '../../processes/random.ts'
import { runCompareCli } from '../../report/compare-cli.ts'
import type { BenchRun } from '../result.ts'
import { runOf, simulateTrials, trialOf } from '../simulate-trials.ts'
import { compareRuns, type RunComparison } from './compare-runs.ts'

function simulate(seed: number, websocket = 1, changes: Partial<BenchRun> = {}, blocks = 8): BenchRun {
  const random = createRandom(seed)
  const trials = simulateTrials({ blocks, random, noise: 0.03, outliers: 0, effects: { websocket } })
  return runOf(trials, { id: `run-${seed}`, ...changes })
}

describe('two runs of the same machine', () => {
  test('show what one of them changed, and nothing else', () => {
    const { rows, warnings } = compareRuns(simulate(1), simulate(2, 1.4))
    expect(warnings).toEqual([])
    expect(rows).toHaveLength(8)
    const changed = rows.filter(({ verdict }) => verdict === 'different')
    expect(changed.map(({ arm, metric }) => `${arm} ${metric}`)).toEqual([
      'websocket latency-p50',
      'websocket cpu-per-delivery',
    ])
    expect(changed[0]?.ratio).toBeGreaterThan(1.25)
    expect(changed[0]?.sentence).toMatch(/^\d+ % more than A \(/)
    expect(rows.find(({ arm }) => arm === 'poll')?.sentence).toMatch(/^no difference measured \(< \d/)
  })

  test('differ in at most 5 % of 200 comparisons of equals', { timeout: 30_000 }, () => {
    const rows = Array.from({ length: 25 }, (_, index) =>
      compareRuns(simulate(100 + index), simulate(200 + index)),
    ).flatMap(comparison => comparison.rows)
    expect(rows).toHaveLength(200)
    expect(rows.filter(({ verdict }) => verdict === 'different').length).toBeLessThanOrEqual(10)
  })

  test('are held against the wider of their bands', () => {
    const [a, b] = [simulate(1), simulate(2, 1.4)]
    const noisy = { ...b, bands: b.bands.map(band => ({ ...band, share: 0.5 })) }
    const rows = compareRuns(a, noisy).rows
    expect(rows.every(({ band, verdict }) => band === 0.5 && verdict === 'no difference')).toBe(true)
  })

  test('claim nothing when one of them has fewer than eight blocks', () => {
    const { rows } = compareRuns(simulate(1), simulate(2, 1.4, {}, 7))
    expect(new Set(rows.map(({ sentence }) => sentence))).toEqual(
      new Set(['not claimed: 7 blocks, and a claim takes 8']),
    )
  })

  test('hold exact counts to the same rule', () => {
    const counted = (bytes: number) =>
      runOf(
        Array.from({ length: 8 }, (_, index) => index + 1).flatMap(block =>
          [false, true].map(twin => trialOf({ block, twin, values: { 'wire-down': bytes } })),
        ),
      )
    const sentence = (bytes: number) => compareRuns(counted(200), counted(bytes)).rows[0]?.sentence
    expect(sentence(200)).toBe('no difference measured (< 2.0 %)')
    expect(sentence(202)).toBe('no difference measured (< 2.0 %)')
    expect(sentence(300)).toBe('50 % more than A (50 % to 50 %)')
  })
})

describe('two unlike runs', () => {
  test.each<[string, Partial<BenchRun>]>([
    ['the machine', { provenance: { ...simulate(1).provenance, cores: 64 } }],
    ['Node', { provenance: { ...simulate(1).provenance, node: 'v24.0.0' } }],
    ['the pinning', { provenance: { ...simulate(1).provenance, pinning: 'server on core 0' } }],
    ['the tier', { tier: 'full' }],
  ])('warn that %s differs and claim nothing on absolute numbers', (what, changes) => {
    const { rows, warnings } = compareRuns(simulate(1), simulate(2, 1.4, changes))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`${what} differs: `)
    expect(new Set(rows.map(({ sentence }) => sentence))).toEqual(new Set([`not claimed: ${what} differs`]))
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
    const verdicts = Object.fromEntries(rows.map(({ metric, verdict }) => [metric, verdict]))
    expect(verdicts).toEqual({
      'cpu-per-delivery': 'not claimed',
      'times-floor': 'different',
      'cpu-per-delivery-as-sse': 'not claimed',
    })
  })

  test('claim nothing at all where the axes differ, and name what only one of them has', () => {
    const of = (readers: number, arm: 'sse' | 'poll') =>
      runOf([
        trialOf({ axes: { readers }, values: { 'wire-down': 1 } }),
        trialOf({ axes: { readers }, scenario: 'sparse', arm, values: { 'wire-down': 1 } }),
      ])
    const { rows, warnings } = compareRuns(of(100, 'sse'), of(200, 'poll'))
    expect(rows.map(({ sentence }) => sentence)).toEqual(['not claimed: the axes differ'])
    expect(warnings).toEqual([
      'Axes differ in delivery: readers 100 and 200.',
      'Figures only in A: sparse sse.',
      'Figures only in B: sparse poll.',
    ])
  })
})

describe('the command', () => {
  let results: string
  beforeEach(() => {
    results = mkdtempSync(join(tmpdir(), 'push-lab-compare-'))
    write('one', simulate(1))
    write('two', simulate(2, 1.4))
  })
  afterEach(() => rmSync(results, { recursive: true, force: true }))

  function write(id: string, run: unknown): void {
    mkdirSync(join(results, id))
    writeFileSync(join(results, id, 'run.json'), typeof run === 'string' ? run : JSON.stringify(run))
  }

  test('takes ids and paths, and prints a table', () => {
    const { exitCode, stdout, stderr } = runCompareCli(['one', join(results, 'two', 'run.json')], results)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^A {2}run-1, 8 blocks\nB {2}run-2, 8 blocks\n\n {2}A\/A band/)
    expect(stdout).toMatch(/^ {2}delivery latency-p50 +± \d\S* % \(8 pairs\) +± \d/m)
    expect(stdout).toMatch(/^ {2}websocket +latency-p50, ms +\S+ +\S+ +1\.\d\d \(.*\) +\d+ % more than A/m)
  })

  test('prints JSON only with --json, and the same JSON each time', () => {
    const { stdout } = runCompareCli(['--json', 'one', 'two'], results)
    const comparison = JSON.parse(stdout) as RunComparison
    expect(comparison.rows).toHaveLength(8)
    expect(comparison.a.bands).toHaveLength(2)
    expect(runCompareCli(['--json', 'one', 'two'], results).stdout).toBe(stdout)
  })

  test.each([
    [[], /missing required argument 'A'/],
    [['one'], /missing required argument 'B'/],
    [['one', 'two', 'three'], /too many arguments/],
    [['one', 'nowhere'], /There is no run nowhere, neither as a path nor in /],
    [['one', 'empty'], /empty is not a run: it holds no run\.json\./],
    [['one', 'old'], /old\/run\.json has schema 1, and this bench reads 2: .*\(abc\)/],
    [['one', 'strange'], /strange\/run\.json is not a run: it has no schema or no summary\./],
    [['one', 'broken'], /broken\/run\.json cannot be read: /],
    [['--nonsense', 'one', 'two'], /unknown option '--nonsense'/],
  ])('%j is one line on stderr, nothing on stdout, and exit code 2', (args, line) => {
    mkdirSync(join(results, 'empty'))
    write('old', { schema: 1, summary: [], provenance: { commit: 'abc' } })
    write('strange', { hello: 'world' })
    write('broken', '{')
    const { exitCode, stdout, stderr } = runCompareCli(args, results)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).toMatch(line)
  })

  test('helps', () => {
    expect(runCompareCli(['--help'], results)).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
