import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findProjectRoot } from '../project-root.ts'
import { judgeRun } from './judge-run.ts'
import type { BenchRun } from './result.ts'

const RESULTS = join(findProjectRoot(), 'results')
const files = readdirSync(RESULTS)
  .map(id => join(RESULTS, id, 'run.json'))
  .filter(file => existsSync(file))

describe.each(files)('%s', file => {
  const run = JSON.parse(readFileSync(file, 'utf8')) as BenchRun
  const { metrics, summary, comparisons, bands, trials } = run
  const judged = judgeRun(trials, run.seed)

  test('holds the figures, comparisons and bands that its trials give again', () => {
    expect(asStored(judged.summary)).toEqual(summary)
    expect(asStored(judged.comparisons)).toEqual(comparisons)
    expect(asStored(judged.bands)).toEqual(bands)
    expect(asStored(judged.trials)).toEqual(trials)
  })

  test('defines every metric that it reports, in the order in which it reports them', () => {
    expect(Object.entries(judged.metrics)).toEqual(Object.entries(metrics))
    const reported = summary.map(({ metric }) => metric).filter(metric => metric !== 'any')
    expect([...new Set(reported)].filter(metric => metrics[metric] === undefined)).toEqual([])
  })

  test('holds no sentence, but for errors and what the machine says of itself', () => {
    const { provenance: _, ...rest } = run
    expect(sentencesIn(rest)).toEqual([])
  })
})

/** What is not a number is `null` in JSON. */
function asStored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Texts of several words, wherever they are, except under the names of what is recorded word for word. */
function sentencesIn(value: unknown): string[] {
  if (typeof value === 'string') return /\S \S/.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    ['detail', 'first', 'failure'].includes(name) ? [] : sentencesIn(member),
  )
}
