import { expect, test } from 'vitest'
import { createLedger } from './ledger.ts'

function received(begin: number, seqs: readonly number[]) {
  const deliveries = { delivered: 0, repeated: 0, disordered: 0, missing: 0 }
  const ledger = createLedger(deliveries)
  ledger.begin(begin)
  for (const seq of seqs) ledger.take(seq)
  return { ...deliveries, place: ledger.place }
}

test('events in order are delivered and nothing else is counted', () => {
  expect(received(4, [5, 6, 7])).toEqual({ delivered: 3, repeated: 0, disordered: 0, missing: 0, place: 7 })
})

test('one event that never comes is missing', () => {
  expect(received(0, [1, 2, 4])).toEqual({ delivered: 3, repeated: 0, disordered: 0, missing: 1, place: 4 })
})

test('an event that comes late is out of order, not missing, and delivered once', () => {
  expect(received(0, [1, 3, 2, 4])).toEqual({
    delivered: 4,
    repeated: 0,
    disordered: 1,
    missing: 0,
    place: 4,
  })
})

test('an event that comes again is a repeat, even if it came late the first time', () => {
  expect(received(0, [1, 1, 3, 2, 2])).toEqual({
    delivered: 3,
    repeated: 2,
    disordered: 1,
    missing: 0,
    place: 3,
  })
})

test('a first event that is not the next one after the place is a hole', () => {
  expect(received(10, [12])).toEqual({ delivered: 1, repeated: 0, disordered: 0, missing: 1, place: 12 })
})
