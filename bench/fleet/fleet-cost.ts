/** What reading costs the fleet itself: the bench's own limit, as arithmetic. */

/** CPU of the load process for each read, and for each event in it. */
export interface FleetCost {
  readonly perReadUs: number
  readonly perEventUs: number
}

/** What load processes did, and what they spent on it. */
export interface Work {
  readonly reads: number
  readonly delivered: number
  readonly cpuMs: number
}

/** From two works of unlike mixture: cpu = reads × perRead + delivered × perEvent. */
export function solveCost([one, many]: readonly Work[]): FleetCost {
  if (one === undefined || many === undefined || one.delivered === 0 || many.delivered === 0)
    throw new Error('the fleet read nothing from the null server')
  const determinant = one.reads * many.delivered - many.reads * one.delivered
  const perEventUs = ((one.reads * many.cpuMs - many.reads * one.cpuMs) / determinant) * 1000
  const perReadUs = ((one.cpuMs * many.delivered - many.cpuMs * one.delivered) / determinant) * 1000
  if (perEventUs >= 0 && perReadUs >= 0) return { perReadUs, perEventUs }
  // Too much alike to be told apart: all of it is booked to whichever came out above zero.
  return perEventUs < 0
    ? { perReadUs: (one.cpuMs * 1000) / one.reads, perEventUs: 0 }
    : { perReadUs: 0, perEventUs: (one.cpuMs * 1000) / one.delivered }
}

/** Deliveries a second at which a load process is busy all the time, if events come with so many reads each. */
export function deliveriesTaken({ perReadUs, perEventUs }: FleetCost, readsPerDelivery: number): number {
  return 1e6 / (perReadUs * readsPerDelivery + perEventUs)
}
