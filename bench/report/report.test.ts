import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import type { Comparison, SummaryRow } from '../../server/protocol/run.ts'
import { checkComplete } from '../judge/checks.ts'
import type { BenchRun, Trial } from '../judge/result.ts'
import { runOf, simulateTrials, trialOf } from '../judge/simulate-trials.ts'
import { createRandom } from '../processes/random.ts'
import { findProjectRoot } from '../project-root.ts'
import { readCommittedRuns } from './committed-runs.ts'
import { renderCsv } from './csv.ts'
import { formatFigure, formatNumber } from './figure.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { collectNotes } from './notes.ts'
import { BEGIN, END, renderResultsReadme, renderResultsTable, replaceResults } from './readme.ts'
import { generatedTexts } from './rebuild-reports.ts'
import { reportOf } from './sections.ts'
import { tablesOf } from './tables.ts'

function row(changes: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    at: null,
    metric: 'latency-p50',
    unit: 'ms',
    value: 4.2,
    low: 4,
    high: 5,
    interval: null,
    n: 2,
    verdict: 'ok',
    reasons: [],
    ...changes,
  }
}

const refused = row({
  arm: 'websocket',
  value: null,
  low: null,
  high: null,
  n: 0,
  verdict: 'refused',
  reasons: ['lossy: <1> & "2" | lost, sadly.'],
})

function run(changes: Partial<BenchRun> = {}): BenchRun {
  return runOf([], {
    caveats: ['A look, not a result.'],
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
    n: 8,
    pValue: 0.008,
    band: 0.05,
    verdict: 'different',
    sentence: '20 % less than sse (15 % to 25 %)',
    ...changes,
  }
}

const markdownOf = (changes: Partial<BenchRun>) => renderMarkdown(reportOf(run(changes)))
const htmlOf = (changes: Partial<BenchRun>) => renderHtml('x', reportOf(run(changes)))

test('a number keeps three digits and needs no exponent', () => {
  expect([0, 0.0421234, 4.2, 42.123, 4212.3].map(formatNumber)).toEqual([
    '0',
    '0.0421',
    '4.20',
    '42.1',
    '4212',
  ])
})

describe('a figure', () => {
  test('says its spread, its flag, or why there is none', () => {
    expect(formatFigure(row({}))).toBe('4.20 (4.00–5.00)')
    expect(formatFigure(row({ verdict: 'flagged', low: null, high: null }))).toBe('4.20 ◔')
    expect(formatFigure(row({ low: 4.199, high: 4.201 }))).toBe('4.20')
    expect(formatFigure(refused)).toBe('— refused')
  })

  test('that was refused says so in every form of the report, with its reason beside it', () => {
    const markdown = markdownOf({})
    expect(markdown).toMatch(/^\| websocket \| — refused \[1\] \|/m)
    expect(markdown).toContain(
      '1. lossy: \\<1\\> & "2" \\| lost, sadly. Concerns delivery websocket (latency-p50).',
    )
    const html = htmlOf({})
    expect(html).toMatch(/<td title="[^"]*sadly\.">— refused <sup><a href="#note-1">1<\/a><\/sup><\/td>/)
    expect(html).toContain('<li id="note-1">lossy: &lt;1&gt; &amp; &quot;2&quot; | lost, sadly.')
    expect(renderCsv([refused])).toContain(
      'delivery,websocket,,latency-p50,ms,,,,,,0,refused,"lossy: <1> & ""2"" | lost, sadly."',
    )
  })

  test('has its interval in the table of numbers, and where one points at it', () => {
    const summary = [row({ interval: { low: 4.05, high: 4.31 }, at: 'T 100 ms', n: 8 })]
    expect(renderCsv(summary)).toBe(
      'scenario,arm,at,metric,unit,value,low,high,interval_low,interval_high,n,verdict,reasons\r\ndelivery,sse,T 100 ms,latency-p50,ms,4.2,4,5,4.05,4.31,8,ok,\r\n',
    )
    expect(htmlOf({ summary })).toContain('title="8 trials, 95 % interval of the median 4.05 to 4.31 ms."')
  })

  test('of an arm that failed altogether stands in a table of its own', () => {
    const failed = row({ metric: 'any', value: null, low: null, verdict: 'failed', reasons: ['It ended.'] })
    const markdown = markdownOf({ summary: [row({ arm: 'poll' }), failed] })
    expect(markdown).toMatch(/### Nothing measured\n\n.*\n.*\n\| sse \| {2}\| — failed \[1\] \|/)
  })
})

test('doubts that differ in their numbers only are one note with all of them', () => {
  const notes = collectNotes([
    row({ reasons: ['The host took 2.5 % of 10.0.0.1:8080 away.', 'Another.'] }),
    row({ arm: 'poll', reasons: ['The host took 12 % of 10.0.0.1:8080 away.'] }),
    row({ arm: 'poll', metric: 'wire-up', reasons: ['The host took 3.7 % of 10.0.0.1:8080 away.'] }),
  ])
  expect(notes.texts).toEqual([
    'The host took 2.5–12 % of 10.0.0.1:8080 away. Concerns delivery sse (latency-p50); delivery poll (latency-p50, wire-up).',
    'Another. Concerns delivery sse (latency-p50).',
  ])
  expect(notes.numbersOf(row({ reasons: ['Another.', 'The host took 9 % of 10.0.0.1:8080 away.'] }))).toEqual(
    [1, 2],
  )
})

describe('the HTML report', () => {
  test('is one file without scripts or requests, and says its charts in words', () => {
    const html = htmlOf({})
    expect(html).not.toMatch(/<script|<link|<img|\bsrc=|\bhref="[^#]|url\(|@import/)
    expect(html).toContain('role="img" aria-label="delivery latency, median: poll 98.7 ms, sse 4.20 ms"')
    expect(html).toContain('prefers-color-scheme: dark')
  })

  test('draws the percentiles as far as ten publishes lie beyond them, and Markdown names them', () => {
    const histogram = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
    for (let us = 1_000; us <= 1_000_000; us += 1_000) histogram.recordValue(us)
    const deliveryUs = encodeIntoCompressedBase64(histogram)
    const trial = { values: { 'latency-p50': 500 }, histograms: { deliveryUs }, publishes: 600 }
    const trials = [trialOf(trial), trialOf({ ...trial, block: 2 })]
    const changes = { trials, summary: runOf(trials).summary }
    expect(markdownOf(changes)).toMatch(
      /\| technique \| publishes \| p50, ms \| p90, ms \| p99, ms \| maximum, ms \|\n.*\n\| sse \| 1200 \| 500 \| 900 \| 99\d \| 100\d \|/,
    )
    const html = htmlOf(changes)
    expect(html).toMatch(/<polyline class="sse" points="60\.0,[\d.]+ .*"\/>/)
    expect(html).toContain('>p99</text>')
    expect(html).not.toContain('>p99.9</text>')
  })
})

describe('a scenario', () => {
  test('that sweeps has a row for each technique and place', () => {
    const summary = ['T 100 ms', 'T 250 ms'].flatMap(at => [
      row({ at, arm: 'poll', scenario: 'poll-interval', value: Number(at.slice(2, 5)) / 2, low: null }),
    ])
    const markdown = markdownOf({ summary, questions: { 'poll-interval': 'How stale?' } })
    expect(markdown).toContain('| technique | at | delivery latency, median, ms |')
    expect(markdown).toContain('| poll | T 100 ms | 50.0 |\n| poll | T 250 ms | 125 |')
  })

  test('that nobody described shows all its figures, and one that is described hides none', () => {
    expect(tablesOf('unheard-of', ['latency-p50', 'wire-up'])).toEqual([
      { title: 'What was measured', metrics: ['latency-p50', 'wire-up'], chart: 'latency-p50' },
    ])
    const tables = tablesOf('idle', ['idle-cpu', 'memory-per-connection'])
    expect(tables.map(({ title, metrics }) => [title, ...metrics])).toEqual([
      ['What silence costs', 'idle-cpu'],
      ['Also measured', 'memory-per-connection'],
    ])
  })

  test('says what theory predicts beside what was measured', () => {
    const trials = [
      trialOf({ arm: 'poll', values: { 'latency-mean': 51 }, predictions: { 'latency-mean': 48.5 } }),
    ]
    const { summary } = runOf(trials)
    expect(markdownOf({ trials, summary })).toContain(
      '| poll | delivery latency, mean, ms | 48.5 | 51.0 | +5.2 % |',
    )
  })
})

describe('what a run claims', () => {
  test('stands beside the figures, with the interval, the band and the sentence', () => {
    const comparisons = [
      comparison({}),
      comparison({
        arm: 'poll',
        ratio: null,
        interval: null,
        verdict: 'not claimed',
        sentence: 'not claimed: x',
      }),
    ]
    const markdown = markdownOf({ comparisons })
    expect(markdown).toContain(
      '| delivery latency, median | websocket | 0.80 | 0.75–0.85 | 0.008 | 5.1 % | 20 % less than sse (15 % to 25 %) |',
    )
    expect(markdown).toContain('- X. (poll: latency-p50)')
    expect(renderResultsTable(run({ comparisons }), 'x')).toContain(
      '- delivery latency, median: websocket 20 % less than sse (15 % to 25 %)\n',
    )
  })

  test('is nothing with fewer than eight blocks, and that is said once', () => {
    const trials = simulateTrials({ blocks: 2, random: createRandom(1), noise: 0.03, outliers: 0 })
    const { summary, comparisons, bands } = runOf(trials)
    const markdown = markdownOf({ trials, summary, comparisons, bands })
    expect(markdown).toContain('No difference is claimed. 2 blocks, and a claim takes 8.')
    expect(markdown).not.toContain('| finding |')
    expect(markdown).toContain('in this run no difference is claimed')
    expect(markdown).toMatch(
      /^\| freshest \| \S+ [\d.]+, \S+ [\d.]+, \S+ [\d.]+, \S+ [\d.]+ ms median latency/m,
    )
  })

  test('orders techniques only where a difference from sse is claimed', () => {
    const summary = [
      row({}),
      row({ arm: 'websocket', value: 3 }),
      row({ arm: 'long-poll', value: 4.1 }),
      row({ arm: 'poll', value: 99 }),
    ]
    const verdicts = (poll: Partial<Comparison>) => [
      comparison({}),
      comparison({ arm: 'long-poll', ratio: 0.98, verdict: 'no difference' }),
      comparison({ arm: 'poll', ratio: 24, ...poll }),
    ]
    expect(markdownOf({ summary, comparisons: verdicts({}) })).toContain(
      '| freshest | websocket 3.00 \\< long-poll 4.10 ≈ sse 4.20 \\< poll 99.0 ms median latency |',
    )
    expect(markdownOf({ summary, comparisons: verdicts({ verdict: 'not claimed' }) })).toContain(
      '| freshest | websocket 3.00 \\< long-poll 4.10 ≈ sse 4.20 ms median latency; nothing claimed of poll 99.0 |',
    )
  })

  test('keeps the doubts beside what it orders, and ranks no lower bound, no refusal and no cost below nothing', () => {
    const capacity = row({
      scenario: 'capacity',
      metric: 'capacity-deliveries',
      unit: '/s',
      low: null,
      n: 8,
      verdict: 'flagged',
      reasons: ['At least: beyond it the load process was the limit (generator-bound).'],
    })
    const idle = row({ scenario: 'idle', metric: 'idle-cpu', unit: 'µs', low: null })
    const changes = {
      summary: [
        { ...capacity, value: 424_467 },
        { ...capacity, arm: 'poll', value: 641_200, reasons: ['The host took 3 % away.'] },
        { ...capacity, arm: 'websocket', value: 501_933 },
        { ...idle, value: -186 },
        { ...idle, arm: 'poll', value: 23_495 },
        { ...idle, arm: 'long-poll', value: null, verdict: 'refused', reasons: ['lossy.'] },
        { ...idle, arm: 'websocket', metric: 'any', value: null, verdict: 'failed', reasons: ['It ended.'] },
      ],
      comparisons: [
        comparison({ scenario: 'capacity', metric: 'capacity-deliveries', arm: 'poll', ratio: 1.5 }),
        comparison({ scenario: 'capacity', metric: 'capacity-deliveries', ratio: 1.2 }),
        comparison({ scenario: 'idle', metric: 'idle-cpu', arm: 'poll', ratio: 24 }),
      ],
    } satisfies Partial<BenchRun>
    const markdown = markdownOf({ ...changes, questions: { capacity: 'How much?' } })
    expect(markdown).toContain(
      '| most before it is late | poll 641200 ◔ [2] deliveries/s; not ranked: sse ≥ 424467 ◔ [1], websocket ≥ 501933 ◔ [1] |',
    )
    expect(markdown).toContain(
      '| cheapest when quiet | poll 23495 µs CPU per connection and minute; not ranked: long-poll — refused [3], sse -186, websocket — failed [4] |',
    )
    expect(markdown).toContain('| sse | ≥ 424467 ◔ [1] |')
    const html = htmlOf({ ...changes, questions: { capacity: 'How much?' } })
    expect(html).toMatch(/<span title="[^"]*">sse ≥ 424467 ◔ <sup><a href="#note-1">1<\/a><\/sup><\/span>/)
    expect(html).toContain('sse ≥ 424467 ◔ /s, websocket')
  })

  test('knows a lower bound by the reason that the search for capacity gives', () => {
    const source = readFileSync(join(findProjectRoot(), 'bench', 'experiment', 'capacity.ts'), 'utf8')
    const reason = source.match(/'(At least: [^']*)'/)?.[1] ?? ''
    const bound = row({ unit: '/s', verdict: 'flagged', reasons: [reason] })
    expect(formatFigure(bound)).toBe('≥ 4.20 (4.00–5.00) ◔')
    expect(formatFigure({ ...bound, unit: 'µs' })).toBe('4.20 (4.00–5.00) ◔')
  })

  test('comes with the A/A bands, and is held against the goals', () => {
    const band = { scenario: 'delivery', arm: 'sse', n: 8 } as const
    const ratio = (value: number, low: number, high: number) =>
      row({ metric: 'times-floor', unit: '×', value, low: null, interval: { low, high } })
    const markdown = markdownOf({
      bands: [
        { ...band, metric: 'cpu-per-delivery', share: Math.log(1.025) },
        { ...band, metric: 'latency-p50', share: Math.log(1.3) },
      ],
      summary: [
        ratio(1.1, 1.08, 1.11),
        { ...ratio(1.1, 1.09, 1.12), arm: 'websocket' },
        { ...ratio(1.4, 1.3, 1.5), arm: 'poll' },
      ],
    })
    expect(markdown).toContain('| server CPU per delivery | delivery | ± 2.5 % | 8 |')
    expect(markdown).toContain('| sse: CPU ÷ raw TCP | at most 1.12 × | 1.10 | met |')
    expect(markdown).toContain('| websocket: CPU ÷ raw TCP | at most 1.10 × | 1.10 | undecided |')
    expect(markdown).toContain('| poll: CPU ÷ bare node:http | at most 1.10 × | 1.40 | not met |')
    expect(markdown).toContain('| A/A band, CPU | at most 3.00 % | 2.50 (8 pairs) | met |')
    expect(markdown).toContain('| A/A band, p50 | at most 10.0 % | 30.0 (8 pairs) | not met |')
    expect(markdown).not.toContain('RSS per idle connection')
  })

  test('of many events to many readers counts events per CPU-second', () => {
    const trials = [
      trialOf({ axes: { eventsPerSecond: 1_000, readers: 1_000 }, values: { 'cpu-per-delivery': 1.25 } }),
    ]
    expect(markdownOf({ trials, summary: runOf(trials).summary })).toContain(
      '| 1,000 events/s to 1,000 readers by sse: events per server CPU-second | at least 950000 /s | 800000 | not met |',
    )
  })
})

describe('the goals', () => {
  const largeFanOut = {
    scenario: 'large-fan-out',
    at: '10,000 readers',
    axes: { readers: 10_000, sentinels: 200, eventsPerSecond: 1 },
    publishes: 60,
    values: { lost: 0, 'delivery-p99': 210, 'completion-p99': 260 },
  } as const
  const floor = trialOf({ arm: 'tcp', as: 'sse', values: { 'cpu-per-delivery': 12 } })
  const goalsOf = (trials: readonly Trial[]) =>
    markdownOf({ trials, summary: runOf(trials).summary }).match(/^\| (?:10,000|fleet) .*$/gm) ?? []

  test('of a large fan-out go by the floor of the same run, and say what stands in for the last reader', () => {
    const p99 =
      '| 10,000 readers of sse, 1 event/s: p99 of completion, 150 ms × floor ÷ 9 µs | at most 200 ms'
    expect(goalsOf([trialOf(largeFanOut), floor])).toEqual([
      '| 10,000 readers of sse, 1 event/s: complete | at most 0 lost | 0 | met |',
      `${p99} | 210 | not met; of all deliveries: that of completion takes 1,000 publishes |`,
    ])
    expect(goalsOf([trialOf({ ...largeFanOut, publishes: 1_000 }), floor])[1]).toBe(
      `${p99} | 260 | not met |`,
    )
    expect(goalsOf([trialOf(largeFanOut)]).length).toBe(1)
    expect(
      goalsOf([trialOf({ ...largeFanOut, axes: { ...largeFanOut.axes, readers: 5_000 } }), floor]),
    ).toEqual([])
  })

  test('are missed where anything was lost, or nothing could be measured', () => {
    const checks = [checkComplete({ expected: 10_000, delivered: 9_999, repeated: 0, disordered: 0 })]
    const [complete, p99] = goalsOf([
      trialOf({ ...largeFanOut, values: { ...largeFanOut.values, lost: 1 }, checks }),
      floor,
    ])
    expect(complete).toMatch(/ at most 0 lost \| 1\.00 \| not met \|$/)
    expect(p99).toMatch(/ — refused \[\d\] \| not met: lossy \|$/)
    const failed = trialOf({ ...largeFanOut, values: {}, verdict: 'failed', reasons: ['It ended.'] })
    expect(goalsOf([failed])[0]).toMatch(/ — failed \[\d\] \| no figure \|$/)
  })

  test('of the fleet are held against trials of their kind only', () => {
    const trial = (sentinels: number, delivered: number, cpuMs: number, readsPerSecond = 10_000) =>
      trialOf({
        axes: { readers: 10_000, sentinels },
        values: { 'latency-max': 1 },
        raw: { loadWork: { cpuMs, wallMs: 1_000, reads: readsPerSecond, delivered } },
      })
    const limits = (trials: readonly Trial[]) =>
      goalsOf(trials).map(line => line.replace('fleet of sse: CPU of the load process per ', ''))
    expect(limits([trial(200, 10_000, 30)])).toEqual(['| read | at most 4.00 µs | 3.00 | met |'])
    expect(limits([trial(10_000, 10_000, 174)])).toEqual([
      '| sentinel’s read | at most 7.00 µs | 17.4 | not met |',
    ])
    expect(limits([trial(200, 200_000, 90)])).toEqual([
      '| coalesced delivery | at most 0.500 µs | 0.450 | met |',
    ])
    expect(limits([trial(5_000, 10_000, 30), trial(200, 100, 30, 100), trial(200, 50_000, 30)])).toEqual([])
  })
})

describe('the end of a report', () => {
  const trials = [
    trialOf({ block: 1 }),
    trialOf({ block: 1, twin: true }),
    trialOf({ block: 2 }),
    trialOf({ scenario: 'idle', block: 1 }),
    trialOf({ scenario: 'burst', block: 1 }),
  ]
  const questions = { delivery: 'How late?', idle: 'What does silence cost?', burst: 'How long?' }

  test('says in how many blocks each scenario ran', () => {
    const markdown = markdownOf({ trials, questions, seed: 7 })
    expect(markdown).toContain(
      'A block runs each arm once, in delivery sse twice, in an order drawn from seed 7. Blocks by scenario: 2 of delivery; 1 of idle, burst. Those with fewer ran in the first ones only. A claim that two arms differ takes 8.',
    )
    const short = markdownOf({ trials: [trialOf({})], seed: 7, complete: false })
    expect(short).toContain(
      'A block runs each arm once, in an order drawn from seed 7. The run was broken off, so some arms are not in its last block. Blocks by scenario: 1 of delivery. A claim',
    )
  })

  test('is the table of needs', () => {
    const headings = markdownOf({ trials, questions }).match(/^## .*$/gm)
    expect(headings?.at(-1)).toBe('## Choose by need')
  })
})

describe('the README files', () => {
  test('hold the table between their markers, and nothing else of them is touched', () => {
    const before = `# Title\n\n${BEGIN}\nold\n${END}\n\nThe rest, $& and all.\n`
    const after = replaceResults(before, renderResultsTable(run(), 'results/x'))
    expect(after).toMatch(/^# Title\n\n<!-- results:begin -->\n\n\| {2}\| delivery latency, median, ms \|\n/)
    expect(after).toContain('| sse | 4.20 (4.00–5.00) |')
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
      'Delivery: 200 readers, 60 events/s with 128 B of data each, polls every 47 ms, 2 trials.',
    )
    expect(table).toContain('Connections: up to 1000 of each technique, one trial.')
  })

  test('say so while no run is committed', () => {
    expect(renderResultsReadme([])).toContain('No run is committed yet.')
    expect(
      [...generatedTexts(findProjectRoot(), []).values()].every(text => text.includes('No run is')),
    ).toBe(true)
  })

  test('say what the committed runs say; `npm run report` makes them', () => {
    const root = findProjectRoot()
    const texts = generatedTexts(root, readCommittedRuns(root))
    expect(texts.size).toBeGreaterThan(0)
    for (const [path, text] of texts) {
      expect(existsSync(path) ? readFileSync(path, 'utf8') : null, path.slice(root.length + 1)).toBe(text)
    }
    const names = [...texts.keys()].map(path => path.slice(root.length + 1))
    expect(names).toContain(join('results', 'README.md'))
    expect(names.filter(name => name.endsWith('report.html')).length).toBe(readCommittedRuns(root).length)
  })
})
