import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { RunComparison } from '../judge/comparison/compare-runs.ts'
import type { BenchRun } from '../judge/result.ts'
import { runOf, simulateTrials } from '../judge/testing/simulated-run.ts'
import { createRandom } from '../processes/random.ts'
import { runCompareCli } from './compare-cli.ts'

function simulate(seed: number, websocket = 1): BenchRun {
  const random = createRandom(seed)
  const trials = simulateTrials({ blocks: 8, random, noise: 0.03, outliers: 0, effects: { websocket } })
  return runOf(trials, { id: `run-${seed}` })
}

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
    expect(stdout).toMatch(/^ {2}Delivery: latency, median +± \d\S* % \(8 pairs\) +± \d/m)
    expect(stdout).toMatch(
      /^ {2}WebSocket +latency, median, ms +\S+ +\S+ +1\.\d\d \(.*\) +\d+ % more than A/m,
    )
  })

  test('prints JSON only with --json, and the same JSON each time', () => {
    const { stdout } = runCompareCli(['--json', 'one', 'two'], results)
    const comparison = JSON.parse(stdout) as RunComparison
    expect(comparison.rows).toHaveLength(2 * TECHNIQUES.length)
    expect(comparison.a.bands).toHaveLength(2)
    expect(runCompareCli(['--json', 'one', 'two'], results).stdout).toBe(stdout)
  })

  test.each([
    [[], /missing required argument 'A'/],
    [['one'], /missing required argument 'B'/],
    [['one', 'two', 'three'], /too many arguments/],
    [['one', 'nowhere'], /There is no run nowhere, neither as a path nor in /],
    [['one', 'empty'], /empty is not a run: it holds no run\.json\./],
    [['one', 'old'], /old\/run\.json .* schema 1, and this version reads schema 3: .*\(abc\)/],
    [['one', 'strange'], /strange\/run\.json .* names no schema, and this version reads schema 3: /],
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
