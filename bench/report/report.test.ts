import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import type { Comparison, Fact, Place, SummaryRow } from '../../server/protocol/run.ts'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import { runOf, simulateTrials, trialOf } from '../judge/testing/simulated-run.ts'
import { createRandom } from '../processes/random.ts'
import { findProjectRoot } from '../project-root.ts'
import { METRICS } from '../scenarios/metrics.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { readCommittedRuns } from './read-run.ts'
import { BEGIN, END, renderResultsReadme, renderResultsTable, replaceResults } from './readme.ts'
import { generatedTexts } from './rebuild-reports.ts'
import { reportOf } from './sections.ts'

function row(changes: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    as: null,
    at: null,
    metric: 'latency-p50',
    value: 4.2,
    bound: null,
    low: 4,
    high: 5,
    interval: null,
    n: 2,
    verdict: 'ok',
    reasons: [],
    ...changes,
  }
}

const NO_FIGURE = { value: null, low: null, high: null, n: 0 } as const
const BROKE: Fact = { code: 'connections-broken', params: { count: 2, first: '<1> & "2" | lost' } }
const refused = row({ ...NO_FIGURE, arm: 'websocket', verdict: 'refused', reasons: [BROKE] })
const interval = (ms: number): Place => ({ axis: 'pollIntervalMs', value: ms })

function run(changes: Partial<BenchRun> = {}): BenchRun {
  return runOf([], {
    caveats: [{ code: 'quick-look', params: {} }],
    metrics: METRICS,
    summary: [row({}), row({ arm: 'poll', value: 98.7, low: null, high: null }), refused],
    blocks: 2,
    ...changes,
  })
}

function comparison(changes: Partial<Comparison>): Comparison {
  return {
    scenario: 'delivery',
    at: null,
    metric: 'latency-p50',
    arm: 'websocket',
    reference: 'sse',
    ratio: 0.8,
    interval: { low: 0.75, high: 0.85 },
    zero: null,
    n: 8,
    pValue: 0.008,
    band: 0.05,
    verdict: 'different',
    obstacle: null,
    ...changes,
  }
}

const markdownOf = async (changes: Partial<BenchRun>) => renderMarkdown(await reportOf(run(changes)))
const htmlOf = async (changes: Partial<BenchRun>) => renderHtml('x', await reportOf(run(changes)), TECHNIQUES)

describe('a figure', () => {
  test('says its spread, its flag, its bound, or why there is none', async () => {
    const figureOf = async (changes: Partial<SummaryRow>) =>
      (await markdownOf({ summary: [row(changes)] })).match(/^\| SSE \| (.*) \|$/m)?.[1]
    expect(await figureOf({})).toBe('4.2 (4–5)')
    expect(await figureOf({ verdict: 'flagged', low: null, high: null })).toBe('4.2 ⚑')
    expect(await figureOf({ low: 4.199, high: 4.201 })).toBe('4.2')
    expect(await figureOf({ bound: 'at-least' })).toBe('≥ 4.2 (4–5)')
    expect(await figureOf({ ...NO_FIGURE, verdict: 'refused' })).toBe('⊘ refused')
  })

  test('that was refused says so in every form of the report, with its reason beside it', async () => {
    const markdown = await markdownOf({})
    expect(markdown).toMatch(/^\| WebSocket \| ⊘ refused \[a\] \|/m)
    expect(markdown).toContain('- [a] 2 connections broke, the first with: \\<1\\> & "2" \\| lost.')
    const html = await htmlOf({})
    expect(html).toMatch(/⊘ refused <sup><a href="#note-delivery-a">a<\/a><\/sup>/)
    expect(html).toContain(
      '<li id="note-delivery-a"><b>a</b> 2 connections broke, the first with: &lt;1&gt; &amp; &quot;2&quot; | lost.</li>',
    )
    expect(renderCsv({ summary: [refused], metrics: METRICS })).toContain(
      'delivery,websocket,,,latency-p50,ms,,,,,,,0,refused,"2 connections broke, the first with: <1> & ""2"" | lost."',
    )
  })

  test('has its interval in the table of numbers, and where the mouse points at it', async () => {
    const summary = [row({ interval: { low: 4.05, high: 4.31 }, at: interval(100), n: 8 })]
    expect(renderCsv({ summary, metrics: METRICS })).toBe(
      'scenario,arm,as,at,metric,unit,value,bound,low,high,interval_low,interval_high,n,verdict,reasons\r\ndelivery,sse,,T 100 ms,latency-p50,ms,4.2,,4,5,4.05,4.31,8,ok,\r\n',
    )
    expect(await htmlOf({ summary })).toContain('title="n = 8, 95 % 4.05–4.31"')
  })

  test('of an arm that failed altogether says so in each column', async () => {
    const failed = row({
      ...NO_FIGURE,
      metric: 'any',
      verdict: 'failed',
      reasons: [{ code: 'trial-failed', params: { detail: 'It ended.' } }],
    })
    const summary = [row({ arm: 'poll' }), row({ arm: 'poll', metric: 'wire-down' }), failed]
    const markdown = await markdownOf({ summary })
    expect(markdown).toMatch(/^\| SSE \| ✕ failed \[a\] \| ✕ failed \[a\] \|$/m)
    expect(markdown).toContain('- [a] The trial failed: It ended.')
  })
})

describe('the HTML report', () => {
  test('is one file without scripts or requests, and says its charts in words', async () => {
    const html = await htmlOf({})
    expect(html).not.toMatch(/<script|<link|<img|\bsrc=|\bhref="[^#]|url\(|@import/)
    expect(html).toContain('role="img" aria-label="Bars of latency, median in ms: Polling 98.7, SSE 4.2."')
    expect(html).toContain('prefers-color-scheme: dark')
  })

  test('draws the percentiles as far as ten publishes lie beyond them, and Markdown names them', async () => {
    const histogram = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
    for (let us = 1_000; us <= 1_000_000; us += 1_000) histogram.recordValue(us)
    const deliveryUs = encodeIntoCompressedBase64(histogram)
    const trial = { values: { 'latency-p50': 500 }, histograms: { deliveryUs }, publishes: 600 }
    const trials = [trialOf(trial), trialOf({ ...trial, block: 2 })]
    const changes = { trials, summary: runOf(trials).summary }
    expect(await markdownOf(changes)).toMatch(
      /\| Technique \| 50 % \| 90 % \| 99 % \| maximum \| publishes \| trials \|\n.*\n\| SSE \| 500 ms \| 90\d ms \| 99\d ms \| 1 s \| 1,200 \| 2 \|/,
    )
    const html = await htmlOf(changes)
    expect(html).toMatch(/<polyline class="sse" points="60\.0,[\d.]+ .*"\/>/)
    expect(html).toContain('>99 %</text>')
    expect(html).not.toContain('>99.9 %</text>')
  })
})

describe('a scenario', () => {
  test('that sweeps one arm names the place in each row, and one that sweeps several has a column for it', async () => {
    const at = (arm: 'poll' | 'sse') =>
      [100, 250].map(ms =>
        row({ at: interval(ms), arm, scenario: 'poll-interval', value: ms / 2, low: null }),
      )
    const one = await markdownOf({ summary: at('poll') })
    expect(one).toContain('| Polling, T 100 ms | 50 |\n| Polling, T 250 ms | 125 |')
    const several = await markdownOf({ summary: [...at('poll'), ...at('sse')] })
    expect(several).toContain('| Technique | At | latency, median, ms |')
    expect(several).toContain('| Polling | T 100 ms | 50 |\n| SSE | T 100 ms | 50 |')
  })

  test('that has no text of its own shows all its figures under its id', async () => {
    const summary = [
      row({ scenario: 'new-one' }),
      row({ scenario: 'new-one', metric: 'new-metric', value: 7, low: null }),
    ]
    const markdown = await markdownOf({ summary })
    expect(markdown).toMatch(/^## new-one$/m)
    expect(markdown).toContain(
      '| Technique | latency, median, ms | new metric |\n|---|---:|---:|\n| SSE | 4.2 (4–5) | 7 |',
    )
  })

  test('says what theory predicts beside what was measured', async () => {
    const trials = [
      trialOf({ arm: 'poll', values: { 'latency-mean': 51 }, predictions: { 'latency-mean': 48.5 } }),
    ]
    expect(await markdownOf({ trials, summary: runOf(trials).summary })).toContain(
      '| Polling | latency, mean, ms | 48.5 | 51 | +5.2 % |',
    )
  })
})

describe('what a run claims', () => {
  const bands = [
    { scenario: 'delivery', arm: 'sse', metric: 'latency-p50', share: Math.log(1.025), n: 8 },
  ] as const

  test('stands beside the noise, with its interval and what is behind it', async () => {
    const comparisons = [
      comparison({}),
      comparison({
        arm: 'poll',
        ratio: null,
        interval: null,
        verdict: 'not-claimed',
        obstacle: { code: 'too-few-blocks', params: { blocks: 7, needed: 8 } },
      }),
    ]
    expect(await markdownOf({ comparisons, bands })).toContain(
      '| latency, median | ± 2.5 %, 8 pairs | not claimed, There are 7 blocks, and a claim takes 8., n = 8, p = 0.008 | 20 % less than SSE (15–25 %), n = 8, p = 0.008 |',
    )
    expect(renderResultsTable(run({ comparisons }), 'x')).toContain(
      '- latency, median: WebSocket 20 % less than SSE (15–25 %)\n',
    )
  })

  test('is nothing with fewer than eight blocks, and that is said once', async () => {
    const trials = simulateTrials({ blocks: 2, random: createRandom(1), noise: 0.03, outliers: 0 })
    const { summary, comparisons, bands } = runOf(trials)
    const markdown = await markdownOf({ trials, summary, comparisons, bands })
    expect(markdown).toContain('No difference is claimed. There are 2 blocks, and a claim takes 8.')
    expect(markdown).not.toContain('| Noise (A/A) |')
  })
})

test('a report says in how many blocks each scenario ran, and in which order', async () => {
  const trials = [
    trialOf({ block: 1, turn: 2 }),
    trialOf({ block: 1, turn: 1, twin: true }),
    trialOf({ block: 2 }),
    trialOf({ scenario: 'idle', block: 1, turn: 3 }),
    trialOf({ scenario: 'burst', block: 1, turn: 4 }),
  ]
  const markdown = await markdownOf({ trials, scenarios: ['delivery', 'idle', 'burst'], seed: 7 })
  expect(markdown).toContain(
    'A block runs each arm once, and SSE twice in Delivery, in an order drawn from seed 7. Blocks by scenario: 2 of Delivery; 1 of Idle, Burst. Those with fewer ran in the first blocks only. A claim that two arms differ takes 8.',
  )
  expect(markdown).toContain('- Block 1: Delivery: SSE, once more · Delivery: SSE · Idle: SSE · Burst: SSE\n')
  const short = await markdownOf({ trials: [trialOf({})], scenarios: ['delivery'], seed: 7, complete: false })
  expect(short).toContain(
    'A block runs each arm once, in an order drawn from seed 7. The run was stopped before its end, so some arms are not in its last block. Blocks by scenario: 1 of Delivery. A claim',
  )
})

describe('the README files', () => {
  test('hold the table between their markers, and nothing else of them is touched', () => {
    const before = `# Title\n\n${BEGIN}\nold\n${END}\n\nThe rest, $& and all.\n`
    const after = replaceResults(before, renderResultsTable(run(), 'results/x'))
    expect(after).toMatch(/^# Title\n\n<!-- results:begin -->\n\n\| {2}\| latency, median, ms \|\n/)
    expect(after).toContain('| SSE | 4.2 (4–5) |')
    expect(after).toMatch(/<!-- results:end -->\n\nThe rest, \$& and all.\n$/)
    expect(after).not.toContain('old')
    expect(replaceResults(after, renderResultsTable(run(), 'results/x'))).toBe(after)
    expect(() => replaceResults('# Title', 'x')).toThrow(/README.md needs the lines/)
  })

  test('name the settings without which the figures say nothing', () => {
    const axes = { readers: 200, eventsPerSecond: 60, payloadBytes: 128, pollIntervalMs: 47 }
    const delivery = [0, 1].map(block => trialOf({ block, axes }))
    const connections = trialOf({ scenario: 'connections', axes: { steps: [0, 1_000] } })
    const table = renderResultsTable({ ...run(), trials: [...delivery, connections] }, 'x')
    expect(table).toContain(
      'Delivery: 200 readers, 60 events/s with 128 B of data each, a poll every 47 ms, 2 trials.',
    )
    expect(table).toContain('Connections: up to 1,000 of each technique, 1 trial.')
  })

  test('say so while no run is committed', async () => {
    expect(renderResultsReadme([])).toContain('No run is committed yet.')
    const texts = [...(await generatedTexts(findProjectRoot(), [])).values()]
    expect(texts.every(text => text.includes('No run is'))).toBe(true)
  })

  test('say what the committed runs say; `npm run report` makes them', async () => {
    const root = findProjectRoot()
    const runs = readCommittedRuns(root)
    const texts = await generatedTexts(root, runs)
    expect(texts.size).toBeGreaterThan(0)
    for (const [path, text] of texts) {
      expect(existsSync(path) ? readFileSync(path, 'utf8') : null, path.slice(root.length + 1)).toBe(text)
    }
    const names = [...texts.keys()].map(path => path.slice(root.length + 1))
    expect(names).toContain(join('results', 'README.md'))
    expect(names.filter(name => name.endsWith('report.html')).length).toBe(runs.length)
  })
})

/** Words with a space between them and a full stop at the end. */
const SENTENCE = /\S \S.*\.$/

test('a run holds facts and no sentence, apart from errors word for word and where the numbers come from', () => {
  const sentences: string[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value === 'string' && SENTENCE.test(value)) sentences.push(`${path}: ${value}`)
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      if (name !== 'detail' && name !== 'provenance') look(member, `${path}/${name}`)
    }
  }
  for (const { run } of readCommittedRuns(findProjectRoot())) look(run, run.id)
  expect(sentences).toEqual([])
})
