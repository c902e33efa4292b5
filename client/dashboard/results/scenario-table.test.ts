import { expect, test } from 'vitest'
import type { Run, SummaryRow } from '../../../server/protocol.ts'
import { scenarioTables } from './scenario-table.ts'

function row(of: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    metric: 'latency-p50',
    unit: 'ms',
    value: 1,
    at: null,
    interval: null,
    low: null,
    high: null,
    n: 2,
    verdict: 'ok',
    reasons: [],
    ...of,
  }
}

function runOf(summary: readonly SummaryRow[]): Run {
  return {
    schema: 2,
    comparisons: [],
    bands: [],
    id: 'run',
    startedAt: '2026-01-01T00:00:00Z',
    tier: 'quick',
    complete: true,
    provenance: {},
    caveats: [],
    summary,
  }
}

test('arms stand in the order of the lab, floors last, whatever the order of the run', () => {
  const tables = scenarioTables(runOf([row({ arm: 'tcp' }), row({ arm: 'websocket' }), row({ arm: 'poll' })]))
  expect(tables[0]?.rows.map(each => each.arm)).toEqual(['poll', 'websocket', 'tcp'])
})

test('scenarios and metrics keep the order of the run', () => {
  const tables = scenarioTables(
    runOf([row({ scenario: 'idle' }), row({ metric: 'wire' }), row({ metric: 'latency-p50' })]),
  )
  expect(tables.map(table => table.scenario)).toEqual(['idle', 'delivery'])
  expect(tables[1]?.metrics.map(each => each.metric)).toEqual(['wire', 'latency-p50'])
})

test('a refused measurement keeps its cell, and one that was never taken is an empty one', () => {
  const refused = row({
    arm: 'poll',
    value: null,
    verdict: 'refused',
    reasons: ['The generator was the limit.'],
  })
  const tables = scenarioTables(runOf([refused, row({ arm: 'sse', metric: 'wire', unit: 'B' })]))
  expect(tables[0]?.rows.map(each => each.cells.map(cell => cell.length))).toEqual([
    [1, 0],
    [0, 1],
  ])
  expect(tables[0]?.rows[0]?.cells[0]?.[0]).toBe(refused)
})
