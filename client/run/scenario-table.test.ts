import { expect, test } from 'vitest'
import type { SummaryRow } from '../../server/protocol/run.ts'
import { peersOf, placesOf, scenarioTables } from './scenario-table.ts'
import { row } from './testing/synthetic-run.ts'

function tablesOf(summary: readonly SummaryRow[], questions: Readonly<Record<string, string>> = {}) {
  return scenarioTables([{ summary, questions }])
}

test('arms stand in the order of the lab, floors last, whatever the order of the run', () => {
  const [table] = tablesOf([row({ arm: 'tcp' }), row({ arm: 'websocket' }), row({ arm: 'poll' })])
  expect(table?.rows.map(each => each.arm)).toEqual(['poll', 'websocket', 'tcp'])
})

test('scenarios stand in the order of their questions, those without one behind', () => {
  const summary = [row({ scenario: 'later' }), row({ scenario: 'idle' }), row({ scenario: 'delivery' })]
  const tables = tablesOf(summary, { delivery: 'How late?', idle: 'What does it cost?', unmeasured: '?' })
  expect(tables.map(table => table.scenario)).toEqual(['delivery', 'idle', 'later'])
})

test('metrics keep the order of the run, and what only one arm has stands where it stood there', () => {
  const [table] = tablesOf([
    row({ metric: 'cpu-per-delivery' }),
    row({ metric: 'times-floor' }),
    row({ arm: 'poll', metric: 'cpu-per-delivery' }),
    row({ arm: 'poll', metric: 'cpu-per-request' }),
    row({ arm: 'poll', metric: 'times-floor' }),
    row({ arm: 'poll', metric: 'latency-p50' }),
  ])
  expect(table?.columns.map(column => column.metric)).toEqual([
    'latency-p50',
    'cpu-per-delivery',
    'cpu-per-request',
    'times-floor',
  ])
})

test('a refused measurement keeps its cell, one never taken is empty, and a second one is not hidden', () => {
  const refused = row({ arm: 'poll', value: null, verdict: 'refused' })
  const [table] = tablesOf([refused, row({ metric: 'wire-down' }), row({ metric: 'wire-down', value: 2 })])
  expect(table?.rows.map(each => each.cells.map(([cell]) => cell?.length))).toEqual([
    [1, 0],
    [0, 2],
  ])
  expect(table?.rows[0]?.cells[0]?.[0]?.[0]).toBe(refused)
})

test('a floor stands in the column of what it is the floor of, with whose bytes it sent', () => {
  const [table] = tablesOf([
    row({ metric: 'cpu-per-delivery' }),
    row({ arm: 'tcp', metric: 'cpu-per-delivery-as-websocket' }),
    row({ arm: 'tcp', metric: 'cpu-per-delivery-as-sse' }),
  ])
  expect(table?.columns.map(column => column.metric)).toEqual(['cpu-per-delivery'])
  expect(table?.rows.map(({ arm, as }) => [arm, as])).toEqual([
    ['sse', null],
    ['tcp', 'sse'],
    ['tcp', 'websocket'],
  ])
})

test('a trial that measured nothing says so in every column', () => {
  const nothing = row({ arm: 'websocket', metric: 'any', value: null, verdict: 'failed' })
  const [table] = tablesOf([nothing, row({}), row({ metric: 'wire-down' })])
  expect(table?.columns.map(column => column.metric)).toEqual(['latency-p50', 'wire-down'])
  expect(table?.rows[1]?.cells.map(([cell]) => cell)).toEqual([[nothing], [nothing]])
  expect(tablesOf([nothing])[0]?.columns.map(column => column.metric)).toEqual(['any'])
})

test('places stand by their number, and several techniques are compared within each', () => {
  const at = (place: string) => [row({ at: place }), row({ at: place, arm: 'poll' })]
  const [table] = tablesOf([...at('RTT 100 ms'), ...at('RTT 0 ms'), ...at('RTT 20 ms')])
  if (table === undefined) throw new Error('no table')
  expect(placesOf(table)).toEqual(['RTT 0 ms', 'RTT 20 ms', 'RTT 100 ms'])
  expect(peersOf(table).map(peers => peers.map(({ arm, at }) => `${arm} ${at}`))).toEqual([
    ['poll RTT 0 ms', 'sse RTT 0 ms'],
    ['poll RTT 20 ms', 'sse RTT 20 ms'],
    ['poll RTT 100 ms', 'sse RTT 100 ms'],
  ])
})

test('one technique at several places is compared over all of them, and floors never', () => {
  const [table] = tablesOf([
    row({ at: 'T 100 ms' }),
    row({ at: 'T 250 ms' }),
    row({ arm: 'tcp', metric: 'latency-p50-as-sse' }),
  ])
  if (table === undefined) throw new Error('no table')
  expect(peersOf(table).map(peers => peers.map(({ at }) => at))).toEqual([['T 100 ms', 'T 250 ms']])
})

test('two runs share rows and columns, each with its own figures', () => {
  const a = row({ value: 1 })
  const b = row({ value: 2 })
  const only = row({ arm: 'poll' })
  const [table] = scenarioTables([
    { summary: [a], questions: {} },
    { summary: [b, only], questions: {} },
  ])
  expect(table?.rows.map(each => each.cells)).toEqual([[[[], [only]]], [[[a], [b]]]])
})
