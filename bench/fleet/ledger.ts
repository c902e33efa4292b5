/** What a fleet received, all readers together: `delivered` counts each event once per reader. */
export interface Deliveries {
  delivered: number
  /** Came again. */
  repeated: number
  /** Came after a later one. */
  disordered: number
  /** Skipped, and not seen since. */
  missing: number
}

/** What one reader received: each number after its place is expected exactly once, in order. */
export interface Ledger {
  /** The newest event that it has, or the place at which it began; −1 before it knows any. */
  readonly place: number
  begin(seq: number): void
  take(seq: number): void
}

export function createLedger(deliveries: Deliveries): Ledger {
  let place = -1
  /** Only a reader that skipped something pays for a set. */
  let skipped: Set<number> | null = null

  return {
    get place() {
      return place
    },
    begin,
    take,
  }

  function begin(seq: number): void {
    place = seq
  }

  function take(seq: number): void {
    if (seq === place + 1) {
      place = seq
      deliveries.delivered++
    } else if (seq > place) {
      skipped ??= new Set()
      for (let missing = place + 1; missing < seq; missing++) skipped.add(missing)
      deliveries.missing += seq - place - 1
      place = seq
      deliveries.delivered++
    } else if (skipped?.delete(seq)) {
      deliveries.missing--
      deliveries.disordered++
      deliveries.delivered++
    } else {
      deliveries.repeated++
    }
  }
}
