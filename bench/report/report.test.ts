import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SummaryRow } from '../../server/protocol.ts'
import { readCommittedRuns } from '../committed-runs.ts'
import { findProjectRoot } from '../project-root.ts'
import { generatedTexts } from '../rebuild-reports.ts'
import type { BenchRun } from '../result.ts'
import { renderCsv } from './csv.ts'
import { formatFigure, formatNumber } from './figure.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { BEGIN, END, renderResultsTable, replaceResults } from './readme.ts'
import { reportOf } from './sections.ts'

function row(changes: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    metric: 'latency-p50',
    unit: 'ms',
    value: 4.2,
    at: null,
    interval: null,
    low: 4,
    high: 5,
    n: 2,
    verdict: 'ok',
    reasons: [],
    ...changes,
  }
}

const refused = row({
  arm: 'websocket',
  value: null,
  at: null,
  interval: null,
  low: null,
  high: null,
  n: 0,
  verdict: 'refused',
  reasons: ['lossy: <1> & "2" | lost, sadly.'],
})

function run(changes: Partial<BenchRun> = {}): BenchRun {
  return {
    schema: 2,
    comparisons: [],
    bands: [],
    id: '20260101T000000Z-abc-quick',
    startedAt: '2026-01-01T00:00:00.000Z',
    tier: 'quick',
    complete: true,
    provenance: { cpu: 'A <fast> CPU', cores: 2, virtualisation: null, node: 'v20.0.0' },
    caveats: ['A look, not a result.'],
    summary: [row({}), row({ arm: 'poll', value: 98.7, low: null, high: null }), refused],
    seed: 7,
    blocks: 2,
    order: [['delivery sse']],
    questions: { delivery: 'How late?' },
    trials: [],
    ...changes,
  }
}

test('a number keeps three digits and needs no exponent', () => {
  expect([0, 0.0421234, 4.2, 42.123, 4212.3].map(formatNumber)).toEqual([
    '0',
    '0.0421',
    '4.20',
    '42.1',
    '4212',
  ])
})

test('a figure says its spread, its flag, or why there is none', () => {
  expect(formatFigure(row({}))).toBe('4.20 (4.00–5.00)')
  expect(formatFigure(row({ verdict: 'flagged', low: null }))).toBe('4.20 ◔')
  expect(formatFigure(refused)).toBe('— refused')
})

test('a refused figure and its reason stand in every form of the report', () => {
  const markdown = renderMarkdown(reportOf(run()))
  expect(markdown).toMatch(/^\| websocket \| — refused \|/m)
  expect(markdown).toContain(
    'lossy: \\<1\\> & "2" \\| lost, sadly. Concerns delivery websocket (latency-p50).',
  )
  const html = renderHtml('x', reportOf(run()))
  expect(html).toContain('<th scope="row">websocket</th><td>— refused</td>')
  expect(html).toContain('lossy: &lt;1&gt; &amp; &quot;2&quot; | lost, sadly.')
  expect(renderCsv([refused])).toContain(
    'delivery,websocket,latency-p50,ms,,,,0,refused,"lossy: <1> & ""2"" | lost, sadly."',
  )
})

test('the HTML report is one file without scripts or requests, and says its charts in words', () => {
  const html = renderHtml('x', reportOf(run()))
  expect(html).not.toMatch(/<script|<link|<img|\bsrc=|\bhref=|url\(|@import/)
  expect(html).toContain('role="img" aria-label="delivery latency, median: poll 98.7 ms, sse 4.20 ms"')
  expect(html).toContain('prefers-color-scheme: dark')
})

test('no difference is claimed with fewer than eight blocks, and overlapping spreads are never ordered', () => {
  const close = [
    row({}),
    row({ arm: 'websocket', value: 4.5, low: 4.1, high: 6 }),
    row({ arm: 'poll', value: 99, low: 98, high: 100 }),
  ]
  const few = renderMarkdown(reportOf(run({ summary: close })))
  expect(few).toContain('| freshest | sse 4.20, websocket 4.50, poll 99.0 ms median latency |')
  expect(few).toContain('no difference is claimed')
  const enough = renderMarkdown(reportOf(run({ summary: close, blocks: 8 })))
  expect(enough).toContain('| freshest | sse 4.20 ≈ websocket 4.50 \\< poll 99.0 ms median latency |')
})

test('the table goes between the markers of a README and touches nothing else', () => {
  const before = `# Title\n\n${BEGIN}\nold\n${END}\n\nThe rest, $& and all.\n`
  const after = replaceResults(before, renderResultsTable(run(), 'results/x'))
  expect(after).toMatch(/^# Title\n\n<!-- results:begin -->\n\n\| {2}\|/)
  expect(after).toContain('| sse | 4.20 (4.00–5.00) |')
  expect(after).toMatch(/<!-- results:end -->\n\nThe rest, \$& and all.\n$/)
  expect(after).not.toContain('old')
  expect(replaceResults(after, renderResultsTable(run(), 'results/x'))).toBe(after)
  expect(() => replaceResults('# Title', 'x')).toThrow(/README.md needs the lines/)
})

test('the README files say what the committed runs say; `npm run report` makes them', () => {
  const root = findProjectRoot()
  const texts = generatedTexts(root, readCommittedRuns(root))
  expect(texts.size).toBeGreaterThan(0)
  for (const [path, text] of texts) {
    expect(existsSync(path) ? readFileSync(path, 'utf8') : null, path.slice(root.length + 1)).toBe(text)
  }
  expect([...texts.keys()]).toContain(join(root, 'results', 'README.md'))
})
