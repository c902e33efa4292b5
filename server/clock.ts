import type { ClockReading } from './protocol.ts'

/** Time as an argument, so that a test can make it jump. */
export interface Clock {
  /** Epoch milliseconds with a fraction (microseconds kept). Never jumps while the process lives. */
  epochMs(): number
  /** Milliseconds since some fixed instant; only differences mean anything. */
  monotonicMs(): number
  /** The two readings of one instant. */
  reading(): ClockReading
}

/** `Date.now()` has steps of 1 ms and follows every correction of the wall clock; this one does neither. */
export function systemClock(): Clock {
  const originNs = process.hrtime.bigint()
  const originAt = performance.timeOrigin + performance.now()

  return {
    epochMs: () => toMicroseconds(performance.timeOrigin + performance.now()),
    monotonicMs: () => performance.now(),
    reading() {
      const ns = process.hrtime.bigint()
      return { at: toMicroseconds(originAt + Number(ns - originNs) / 1e6), monotonicNs: ns.toString() }
    },
  }
}

/** Whole microseconds, as an event's `at` has them. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
