import { checkEvery } from './check-every.ts'
import type { ClockReading } from './protocol/api.ts'

/** Time as an argument, so that a test can make it jump. */
export interface Clock {
  /** Epoch milliseconds with a fraction (microseconds kept), for times that are shown. Jumps only when it is set anew. */
  epochMs(): number
  /** Milliseconds since some fixed instant; only differences mean anything. Everything is timed by it. */
  monotonicMs(): number
  /** The two readings of one instant. */
  reading(): ClockReading
  /**
   * Sets `epochMs` to the wall clock if they are more than a second apart; returns by how many milliseconds it was moved,
   * 0 if it was not. A clock without this one follows no wall clock.
   */
  setAnew?(): number
}

/** What a clock is made of. */
export interface Readings {
  /** Epoch milliseconds; jumps with every correction. */
  wallMs(): number
  monotonicMs(): number
  /** The same clock as `monotonicMs`. */
  monotonicNs(): bigint
}

const SYSTEM: Readings = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  monotonicNs: () => process.hrtime.bigint(),
}

/** Corrections up to here are the wall clock's own affair. */
const GRANTED_MS = 1000

/**
 * `Date.now()` has steps of 1 ms and follows every correction of the wall clock; this one does neither. On most systems
 * its monotonic clock stands still while the machine sleeps, after which only `setAnew` makes it tell the time again.
 */
export function systemClock({ wallMs, monotonicMs, monotonicNs }: Readings = SYSTEM): Clock {
  const originMs = monotonicMs()
  const originNs = monotonicNs()
  let originAt = wallMs()

  return { epochMs, monotonicMs, reading, setAnew }

  function epochMs(): number {
    return toMicroseconds(originAt + monotonicMs() - originMs)
  }

  function reading(): ClockReading {
    const ns = monotonicNs()
    return { at: toMicroseconds(originAt + Number(ns - originNs) / 1e6), monotonicNs: ns.toString() }
  }

  function setAnew(): number {
    const behindMs = wallMs() - epochMs()
    if (Math.abs(behindMs) <= GRANTED_MS) return 0
    originAt += behindMs
    return behindMs
  }
}

const LOOK_MS = 1000

/**
 * Compares a clock with the wall clock once a second: they part when the machine slept, a virtual machine was resumed, or
 * the time was set. `moved` hears by how many milliseconds the clock was set forward (back: negative). Returns what ends it.
 */
export function keepTime(clock: Clock, moved: (byMs: number) => void, everyMs = LOOK_MS): () => void {
  return checkEvery(everyMs, clock.monotonicMs, () => {
    const byMs = clock.setAnew?.() ?? 0
    if (byMs !== 0) moved(byMs)
  })
}

/** Whole microseconds, as an event's `at` has them. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
