import { expect, test } from 'vitest'
import type { Fact, Params } from '../../server/protocol/run.ts'
import { factKind, mergeFacts } from './merge-facts.ts'

const fact = (code: string, params: Params = {}): Fact => ({ code, params })

test('numbers of one fact become a range, and its other parameters stay', () => {
  expect(mergeFacts([0.04, 0.025, 0.03].map(share => fact('host-steal', { share, cores: 2 })))).toEqual([
    fact('host-steal', { share: { low: 0.025, high: 0.04 }, cores: 2 }),
  ])
})

test('a range takes in further numbers and ranges', () => {
  const merged = mergeFacts([
    fact('a', { ms: { low: 2, high: 3 } }),
    fact('a', { ms: 5 }),
    fact('a', { ms: 1 }),
  ])
  expect(merged).toEqual([fact('a', { ms: { low: 1, high: 5 } })])
})

test('texts that differ become a list, each once, and lists of numbers the range of all', () => {
  const given = ['ECONNRESET', 'EPIPE', 'ECONNRESET'].map((first, index) =>
    fact('connections-broken', { first, steps: [index, 9] }),
  )
  expect(mergeFacts(given)).toEqual([
    fact('connections-broken', { first: ['ECONNRESET', 'EPIPE'], steps: { low: 0, high: 9 } }),
  ])
})

test('facts that differ in a flag stay apart', () => {
  const given = [true, false, true].map(serverFull => fact('load-limits-capacity', { serverFull }))
  expect(mergeFacts(given)).toEqual(given.slice(0, 2))
})

test('facts of another code, or about something else, stay apart, in the order of their first', () => {
  const given = [
    fact('near-idle', { idleShare: 0.3, of: 'floor' }),
    fact('lossy', { lost: 1 }),
    fact('near-idle', { idleShare: 0.4 }),
    fact('near-idle', { idleShare: 0.5, of: 'floor' }),
  ]
  expect(mergeFacts(given)).toEqual([
    fact('near-idle', { idleShare: { low: 0.3, high: 0.5 }, of: 'floor' }),
    fact('lossy', { lost: 1 }),
    fact('near-idle', { idleShare: 0.4 }),
  ])
  expect(new Set(given.map(factKind)).size).toBe(3)
})

test('a parameter that only some of the facts know is taken from those', () => {
  expect(mergeFacts([fact('a', { ms: null }), fact('a', { ms: 4 }), fact('a')])).toEqual([
    fact('a', { ms: 4 }),
  ])
})
