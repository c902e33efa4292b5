/** One reading of the server's clock. Both local instants are on this page's own epoch clock. */
export interface RoundTrip {
  readonly sentAt: number
  readonly answeredAt: number
  readonly serverAt: number
}

export interface ClockEstimate {
  /** Add it to the page's clock to get the server's. */
  readonly offsetMs: number
  /** The offset is wrong by no more than this, as long as the clocks do not drift. */
  readonly uncertaintyMs: number
  readonly bestRoundTripMs: number
}

/**
 * Takes the quickest round trip: the server read its clock somewhere between the two local instants, so the
 * middle of them is wrong by at most half the trip, however long each direction took.
 */
export function estimateClock(trips: readonly RoundTrip[], stepMs: number): ClockEstimate | null {
  let best: RoundTrip | null = null
  for (const trip of trips) {
    if (best === null || trip.answeredAt - trip.sentAt < best.answeredAt - best.sentAt) best = trip
  }
  if (best === null) return null
  const bestRoundTripMs = Math.max(0, best.answeredAt - best.sentAt)
  return {
    offsetMs: best.serverAt - (best.sentAt + best.answeredAt) / 2,
    uncertaintyMs: bestRoundTripMs / 2 + stepMs,
    bestRoundTripMs,
  }
}

/** The smallest step that a clock takes while it is watched. Browsers coarsen theirs to 5 µs, 100 µs or 1 ms. */
export function measureClockStep(nowMs: () => number): number {
  let smallest = Number.POSITIVE_INFINITY
  const start = nowMs()
  let last = start
  for (let steps = 0; steps < 10 && last - start < 20; ) {
    const next = nowMs()
    if (next > last) {
      smallest = Math.min(smallest, next - last)
      last = next
      steps++
    }
  }
  return smallest
}
