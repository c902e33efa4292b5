import { expect, test } from 'vitest'
import type { Place, SummaryRow } from '../../server/protocol/run.ts'
import { partsOf, peersOf, placesOf, scenarioTables } from './scenario-table.ts'
import { METRICS, row } from './testing/synthetic-run.ts'

function tablesOf(summary: readonly SummaryRow[], scenarios: readonly string[] = []) {
  return scenarioTables([{ summary, scenarios, metrics: METRICS }])
}

const rtt = (ms: number): Place => ({ axis: 'distanceMs', value: ms / 2 })

test('arms stand in the order of the lab, floors last, whatever the order of the run', () => {
  const [table] = tablesOf([row({ arm: 'tcp' }), row({ arm: 'websocket' }), row({ arm: 'poll' })])
  expect(table?.rows.map(each => each.arm)).toEqual(['poll', 'websocket', 'tcp'])
})

test('scenarios stand in the order of the run, those that it does not list behind', () => {
  const summary = [row({ scenario: 'later' }), row({ scenario: 'idle' }), row({ scenario: 'delivery' })]
  const tables = tablesOf(summary, ['delivery', 'idle', 'unmeasured'])
  expect(tables.map(table => table.scenario)).toEqual(['delivery', 'idle', 'later'])
})

test('metrics stand in the order of their definitions, subject by subject', () => {
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
    row({ arm: 'tcp', as: 'websocket', metric: 'cpu-per-delivery' }),
    row({ arm: 'tcp', as: 'sse', metric: 'cpu-per-delivery' }),
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

test('places stand by their value, and several techniques are compared within each', () => {
  const at = (ms: number) => [row({ at: rtt(ms) }), row({ at: rtt(ms), arm: 'poll' })]
  const [table] = tablesOf([...at(100), ...at(0), ...at(20)])
  if (table === undefined) throw new Error('no table')
  expect(placesOf(table)).toEqual([rtt(0), rtt(20), rtt(100)])
  expect(peersOf(table).map(peers => peers.map(({ arm, at }) => `${arm} ${at?.value}`))).toEqual([
    ['poll 0', 'sse 0'],
    ['poll 10', 'sse 10'],
    ['poll 50', 'sse 50'],
  ])
})

test('one technique at several places is compared over all of them, and floors never are', () => {
  const [table] = tablesOf([row({ at: rtt(100) }), row({ at: rtt(250) }), row({ arm: 'tcp', as: 'sse' })])
  if (table === undefined) throw new Error('no table')
  expect(peersOf(table).map(peers => peers.map(({ at }) => at))).toEqual([[rtt(100), rtt(250)]])
})

test('two runs share rows and columns, each with its own figures', () => {
  const a = row({ value: 1 })
  const b = row({ value: 2 })
  const only = row({ arm: 'poll' })
  const [table] = scenarioTables([
    { summary: [a], scenarios: [], metrics: METRICS },
    { summary: [b, only], scenarios: [], metrics: METRICS },
  ])
  expect(table?.rows.map(each => each.cells)).toEqual([[[[], [only]]], [[[a], [b]]]])
})

test('a wide table is cut by what its metrics speak of, and a floor stands only where it measured something', () => {
  const metrics = ['latency-p50', 'latency-p99', 'completeness', 'cpu-per-delivery', 'wire-down', 'wire-up']
  const rows = metrics.map(metric => row({ metric }))
  const floor = row({ arm: 'tcp', as: 'sse', metric: 'cpu-per-delivery' })
  const partsIn = (summary: readonly SummaryRow[]) =>
    tablesOf(summary)
      .flatMap(partsOf)
      .map(({ subject, columns, rows }) => [subject, columns.length, rows.length])
  expect(partsIn([...rows, floor])).toEqual([[null, 6, 2]])
  expect(partsIn([...rows, row({ metric: 'lost' }), floor])).toEqual([
    ['lateness', 3, 1],
    ['cost', 1, 2],
    ['wire', 2, 1],
    ['rest', 1, 1],
  ])
})
