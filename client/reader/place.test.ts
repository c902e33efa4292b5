import { expect, test } from 'vitest'
import { createPlace } from './place.ts'

const EPOCH = 'k3f9x2ab7q'
const LATER = 'm4g0y3bc8r'

function standingAt(seq: number) {
  return createPlace(`${EPOCH}-${seq}`)
}

test('a newcomer has no place until it is told one', () => {
  const place = createPlace('now')
  expect(place.cursor).toBeNull()
  place.begin(`${EPOCH}-41`)
  expect(place.cursor).toBe(`${EPOCH}-41`)
  expect(place.event(EPOCH, 42)).toBe('new')
  expect(place.cursor).toBe(`${EPOCH}-42`)
})

test('who has a place is not moved by a hello', () => {
  const place = standingAt(41)
  place.begin(`${EPOCH}-50`)
  expect(place.cursor).toBe(`${EPOCH}-41`)
})

test('an event before the place is known is not taken, and nothing was missed', () => {
  const place = createPlace('now')
  expect(place.event(EPOCH, 5)).toBe('jump')
  expect(place.audit).toMatchObject({ received: 0, undeclaredGaps: 0 })
})

test('the next event is new and moves the place by one', () => {
  const place = standingAt(41)
  expect(place.event(EPOCH, 42)).toBe('new')
  expect(place.event(EPOCH, 43)).toBe('new')
  expect(place.audit).toMatchObject({ received: 2, repeated: 0, undeclaredGaps: 0 })
})

test.each([41, 40, 1])('event %i is a repeat to who has 41', seq => {
  const place = standingAt(41)
  expect(place.event(EPOCH, seq)).toBe('repeat')
  expect(place.cursor).toBe(`${EPOCH}-41`)
  expect(place.audit).toMatchObject({ received: 0, repeated: 1, undeclaredGaps: 0 })
})

test('a jump is not taken, leaves the place and is counted as an undeclared gap', () => {
  const place = standingAt(41)
  expect(place.event(EPOCH, 43)).toBe('jump')
  expect(place.cursor).toBe(`${EPOCH}-41`)
  expect(place.audit).toMatchObject({ received: 0, missing: 0, gaps: 0, undeclaredGaps: 1 })
})

test('an event of another epoch is a jump, even if its number is the next one', () => {
  expect(standingAt(41).event(LATER, 42)).toBe('jump')
  expect(standingAt(41).event(LATER, 3)).toBe('jump')
})

test('a trimmed gap moves the place behind what was lost, and counts it', () => {
  const place = standingAt(41)
  expect(place.gap({ reason: 'trimmed', from: 42, to: 99, lost: 58 }, `${EPOCH}-99`)).toBe('new')
  expect(place.event(EPOCH, 100)).toBe('new')
  expect(place.audit).toMatchObject({ missing: 58, gaps: 1, received: 1, undeclaredGaps: 0 })
})

test.each([
  ['begins later than the place', { from: 44, to: 99, lost: 56 }, `${EPOCH}-99`],
  ['begins before the place', { from: 30, to: 99, lost: 70 }, `${EPOCH}-99`],
  ['ends before its own cursor', { from: 42, to: 99, lost: 58 }, `${EPOCH}-120`],
  ['leads into another epoch', { from: 42, to: 99, lost: 58 }, `${LATER}-99`],
  ['has a cursor that is none', { from: 42, to: 99, lost: 58 }, 'nowhere'],
])('a trimmed gap that %s hides an undeclared one', (_, numbers, cursor) => {
  const place = standingAt(41)
  expect(place.gap({ reason: 'trimmed', ...numbers }, cursor)).toBe('jump')
  expect(place.cursor).toBe(`${EPOCH}-41`)
  expect(place.audit).toMatchObject({ missing: 0, gaps: 0, undeclaredGaps: 1 })
})

test('a gap that was told before is told once', () => {
  const place = standingAt(41)
  const gap = { reason: 'trimmed', from: 42, to: 99, lost: 58 } as const
  place.gap(gap, `${EPOCH}-99`)
  expect(place.gap(gap, `${EPOCH}-99`)).toBe('repeat')
  expect(place.audit).toMatchObject({ missing: 58, gaps: 1, undeclaredGaps: 0 })
})

test('an epoch gap leads into the new epoch, and counts no one as lost because nobody knows', () => {
  const place = standingAt(41)
  expect(place.gap({ reason: 'epoch', lost: null }, `${LATER}-0`)).toBe('new')
  expect(place.event(LATER, 1)).toBe('new')
  expect(place.audit).toMatchObject({ missing: 0, gaps: 1, undeclaredGaps: 0 })
})

test('an epoch gap within one epoch is none', () => {
  expect(standingAt(41).gap({ reason: 'epoch', lost: null }, `${EPOCH}-50`)).toBe('jump')
})

test('who is ahead is led back, never on', () => {
  const place = standingAt(41)
  expect(place.gap({ reason: 'ahead', lost: null }, `${EPOCH}-12`)).toBe('new')
  expect(place.event(EPOCH, 13)).toBe('new')
  expect(standingAt(41).gap({ reason: 'ahead', lost: null }, `${EPOCH}-50`)).toBe('jump')
  expect(standingAt(41).gap({ reason: 'ahead', lost: null }, `${LATER}-12`)).toBe('jump')
})

test('a batch that claims to end beyond its last event left something out', () => {
  expect(standingAt(41).reached(`${EPOCH}-41`)).toBe('new')
  expect(standingAt(41).reached(`${EPOCH}-40`)).toBe('repeat')
  expect(standingAt(41).reached(`${EPOCH}-42`)).toBe('jump')
  expect(standingAt(41).reached(`${LATER}-41`)).toBe('jump')
})
