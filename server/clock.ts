import { checkEvery } from './check-every.ts'
import type { ClockReading } from './protocol/api.ts'

/** Time is an argument, so that a test can make it jump. */
export interface Clock {
  /** Epoch milliseconds with a fraction (whole microseconds), for times that are shown. Jumps only when it is set. */
  epochMs(): number
  /** Milliseconds since a fixed instant; only differences mean anything. All timing uses it. */
  monotonicMs(): number
  /** The two readings of one instant. */
  reading(): ClockReading
  /**
   * Sets `epochMs` to the wall clock if they are more than a second apart; returns by how many milliseconds it moved, else
   * 0. A clock without this method follows no wall clock.
   */
  setToWallClock?(): number
}

/** The clocks of the system. */
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

/** Smaller corrections of the wall clock are ignored. */
const TOLERATED_MS = 1000

/**
 * `Date.now()` has steps of 1 ms and follows every correction of the wall clock; this clock does neither. On most systems
 * the monotonic clock stops while the machine sleeps, and after that only `setToWallClock` makes this one right again.
 */
export function systemClock({ wallMs, monotonicMs, monotonicNs }: Readings = SYSTEM): Clock {
  const originMs = monotonicMs()
  const originNs = monotonicNs()
  let originAt = wallMs()

  return { epochMs, monotonicMs, reading, setToWallClock }

  function epochMs(): number {
    return toMicroseconds(originAt + monotonicMs() - originMs)
  }

  function reading(): ClockReading {
    const ns = monotonicNs()
    return { at: toMicroseconds(originAt + Number(ns - originNs) / 1e6), monotonicNs: ns.toString() }
  }

  function setToWallClock(): number {
    const behindMs = wallMs() - epochMs()
    if (Math.abs(behindMs) <= TOLERATED_MS) return 0
    originAt += behindMs
    return behindMs
  }
}

const CHECK_EVERY_MS = 1000

/**
 * Compares a clock with the wall clock once a second. They differ after the machine slept, a virtual machine was resumed
 * or the time was changed. Calls `moved` with how many milliseconds the clock was set forward (negative: back). Returns a
 * function that stops it.
 */
export function keepTime(clock: Clock, moved: (byMs: number) => void, everyMs = CHECK_EVERY_MS): () => void {
  return checkEvery(everyMs, clock.monotonicMs, () => {
    const byMs = clock.setToWallClock?.() ?? 0
    if (byMs !== 0) moved(byMs)
  })
}

/** The longest that a timer can be set: Node fires one that is set further ahead after 1 ms. */
export const TIMER_MAX_MS = 2 ** 31 - 1

/** Milliseconds in whole microseconds, as in an event's `at`. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
