import fc from 'fast-check'
import type { LinkConditions } from '../../server/protocol/api.ts'

/** Generates link conditions with one kind of trouble each, at a size that shows within a fraction of a second. */
export const randomLinkConditions: fc.Arbitrary<LinkConditions> = fc.oneof(
  fc.record({ delayMs: fc.nat(60), jitterMs: fc.nat(40) }),
  fc.record({ bytesPerSecond: fc.integer({ min: 20_000, max: 1_000_000 }) }),
  fc.record({ sliceBytes: fc.integer({ min: 30, max: 4000 }) }),
  fc.record({ resetAfterBytes: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ cutAfterBytes: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ refuseStatus: fc.constantFrom(502, 503, 504) }),
  fc.record({ blackhole: fc.constant(true) }),
  fc.record({
    buffer: fc.record({ bytes: fc.integer({ min: 1, max: 65_536 }), honoursHeader: fc.boolean() }),
  }),
)
