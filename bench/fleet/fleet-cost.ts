/** What reading costs the fleet itself, which is the bench's own limit: arithmetic only. */

/** CPU of the load process for each read, and for each event that it brings. */
export interface FleetCost {
  readonly perReadUs: number
  readonly perEventUs: number
}

/** What a load process did in a window, and the CPU that it took. */
export interface FleetWork {
  readonly reads: number
  readonly delivered: number
  readonly cpuMs: number
}

/** From two mixtures of reads and events: cpu = reads × perRead + delivered × perEvent. */
export function solveCost([one, many]: readonly FleetWork[]): FleetCost {
  if (one === undefined || many === undefined || one.delivered === 0 || many.delivered === 0)
    throw new Error('the fleet read nothing from the null server')
  const determinant = one.reads * many.delivered - many.reads * one.delivered
  const perEventUs = ((one.reads * many.cpuMs - many.reads * one.cpuMs) / determinant) * 1000
  const perReadUs = ((one.cpuMs * many.delivered - many.cpuMs * one.delivered) / determinant) * 1000
  if (perEventUs >= 0 && perReadUs >= 0) return { perReadUs, perEventUs }
  // The mixtures are too much alike: the cost that came out above zero gets all of it.
  return perEventUs < 0
    ? { perReadUs: (one.cpuMs * 1000) / one.reads, perEventUs: 0 }
    : { perReadUs: 0, perEventUs: (one.cpuMs * 1000) / one.delivered }
}

/** Deliveries per second at which a load process is busy all the time, with this many reads for each. */
export function deliveriesTaken({ perReadUs, perEventUs }: FleetCost, readsPerDelivery: number): number {
  return 1e6 / (perReadUs * readsPerDelivery + perEventUs)
}
