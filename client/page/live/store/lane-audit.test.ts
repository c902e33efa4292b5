import { expect, test } from 'vitest'
import { type AuditedCounts, auditLane } from './lane-audit.ts'

const at = (seq: number, epoch = 'aaaaaaaaaa') => ({ epoch, seq })
const counts: AuditedCounts = {
  began: at(100),
  place: at(110),
  received: 10,
  missing: 0,
  undeclaredGaps: 0,
  top: at(110),
}

test('received + declared missing = emitted is complete', () => {
  expect(auditLane(counts)).toEqual({ name: 'complete' })
  expect(auditLane({ ...counts, received: 7, missing: 3 })).toEqual({ name: 'complete' })
})

test('events that the server already has and the lane not yet are on their way, not lost', () => {
  expect(auditLane({ ...counts, top: at(115) })).toEqual({ name: 'behind', count: 5 })
})

test('statistics that are older than the lane say nothing against it', () => {
  expect(auditLane({ ...counts, top: at(90) })).toEqual({ name: 'complete' })
  expect(auditLane({ ...counts, top: at(5, 'bbbbbbbbbb') })).toEqual({ name: 'complete' })
  expect(auditLane({ ...counts, top: null })).toEqual({ name: 'complete' })
})

test('an event too few, too many, or an undeclared gap is a mismatch', () => {
  expect(auditLane({ ...counts, received: 9 })).toEqual({ name: 'mismatch', count: 1 })
  expect(auditLane({ ...counts, received: 12 })).toEqual({ name: 'mismatch', count: 2 })
  expect(auditLane({ ...counts, undeclaredGaps: 1 })).toEqual({ name: 'mismatch', count: 1 })
})
