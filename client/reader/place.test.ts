import { expect, test } from 'vitest'
import { createPlace } from './place.ts'
import { at, cursorAt, EPOCH, LATER_EPOCH } from './testing/scripted-server.ts'

function placeAt(seq: number) {
  return createPlace(cursorAt(seq))
}

test('a cursor may be given as text, and anything else means that the place is not known yet', () => {
  expect(createPlace(at(41)).cursor).toEqual(cursorAt(41))
  for (const word of ['now', 'earliest', 'nonsense']) expect(createPlace(word).cursor).toBeNull()
})

test('a newcomer has no place until it learns one', () => {
  const place = createPlace('now')
  expect(place.cursor).toBeNull()
  place.begin(cursorAt(41))
  expect(place.cursor).toEqual(cursorAt(41))
  expect(place.event(EPOCH, 42)).toBe('new')
  expect(place.cursor).toEqual(cursorAt(42))
})

test('a hello does not move a reader that has a place', () => {
  const place = placeAt(41)
  place.begin(cursorAt(50))
  expect(place.cursor).toEqual(cursorAt(41))
})

test('an event before the place is known is not taken, and does not count as missed', () => {
  const place = createPlace('now')
  expect(place.event(EPOCH, 5)).toBe('jump')
  expect(place.audit).toMatchObject({ received: 0, undeclaredGaps: 0 })
})

test('the next event is new and moves the place by one', () => {
  const place = placeAt(41)
  expect(place.event(EPOCH, 42)).toBe('new')
  expect(place.event(EPOCH, 43)).toBe('new')
  expect(place.audit).toMatchObject({ received: 2, repeated: 0, undeclaredGaps: 0 })
})

test.each([41, 40, 1])('event %i is a repeat to a reader that has 41', seq => {
  const place = placeAt(41)
  expect(place.event(EPOCH, seq)).toBe('repeat')
  expect(place.cursor).toEqual(cursorAt(41))
  expect(place.audit).toMatchObject({ received: 0, repeated: 1, undeclaredGaps: 0 })
})

test('a jump is not taken, leaves the place and is counted as an undeclared gap', () => {
  const place = placeAt(41)
  expect(place.event(EPOCH, 43)).toBe('jump')
  expect(place.cursor).toEqual(cursorAt(41))
  expect(place.audit).toMatchObject({ received: 0, missing: 0, gaps: 0, undeclaredGaps: 1 })
})

test('an event of another epoch is a jump, even if its number is the next one', () => {
  expect(placeAt(41).event(LATER_EPOCH, 42)).toBe('jump')
  expect(placeAt(41).event(LATER_EPOCH, 3)).toBe('jump')
})

test('a trimmed gap moves the place past what was lost, and counts it', () => {
  const place = placeAt(41)
  expect(place.gap({ reason: 'trimmed', from: 42, to: 99, lost: 58 }, cursorAt(99))).toBe('new')
  expect(place.event(EPOCH, 100)).toBe('new')
  expect(place.audit).toMatchObject({ missing: 58, gaps: 1, received: 1, undeclaredGaps: 0 })
})

test.each([
  ['begins later than the place', { from: 44, to: 99, lost: 56 }, cursorAt(99)],
  ['begins before the place', { from: 30, to: 99, lost: 70 }, cursorAt(99)],
  ['ends before its own cursor', { from: 42, to: 99, lost: 58 }, cursorAt(120)],
  ['leads into another epoch', { from: 42, to: 99, lost: 58 }, cursorAt(99, LATER_EPOCH)],
])('a trimmed gap that %s hides an undeclared one', (_, numbers, cursor) => {
  const place = placeAt(41)
  expect(place.gap({ reason: 'trimmed', ...numbers }, cursor)).toBe('jump')
  expect(place.cursor).toEqual(cursorAt(41))
  expect(place.audit).toMatchObject({ missing: 0, gaps: 0, undeclaredGaps: 1 })
})

test('a gap that is declared twice counts once', () => {
  const place = placeAt(41)
  const gap = { reason: 'trimmed', from: 42, to: 99, lost: 58 } as const
  place.gap(gap, cursorAt(99))
  expect(place.gap(gap, cursorAt(99))).toBe('repeat')
  expect(place.audit).toMatchObject({ missing: 58, gaps: 1, undeclaredGaps: 0 })
})

test('an epoch gap leads into the new epoch, and counts no event as lost, since their number is unknown', () => {
  const place = placeAt(41)
  expect(place.gap({ reason: 'epoch', lost: null }, cursorAt(0, LATER_EPOCH))).toBe('new')
  expect(place.event(LATER_EPOCH, 1)).toBe('new')
  expect(place.audit).toMatchObject({ missing: 0, gaps: 1, undeclaredGaps: 0 })
})

test('an epoch gap within one epoch is a jump', () => {
  expect(placeAt(41).gap({ reason: 'epoch', lost: null }, cursorAt(50))).toBe('jump')
})

test('a reader that is ahead is led back, never on', () => {
  const place = placeAt(41)
  expect(place.gap({ reason: 'ahead', lost: null }, cursorAt(12))).toBe('new')
  expect(place.event(EPOCH, 13)).toBe('new')
  expect(placeAt(41).gap({ reason: 'ahead', lost: null }, cursorAt(50))).toBe('jump')
  expect(placeAt(41).gap({ reason: 'ahead', lost: null }, cursorAt(12, LATER_EPOCH))).toBe('jump')
})

test('a batch that claims to end beyond its last event left something out', () => {
  expect(placeAt(41).reached(cursorAt(41))).toBe('new')
  expect(placeAt(41).reached(cursorAt(40))).toBe('repeat')
  expect(placeAt(41).reached(cursorAt(42))).toBe('jump')
  expect(placeAt(41).reached(cursorAt(41, LATER_EPOCH))).toBe('jump')
})
