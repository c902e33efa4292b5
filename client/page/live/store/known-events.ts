import type { Cursor } from '../../../../server/protocol/wire.ts'
import { createRing, type ReadRing } from './ring.ts'
import { createTimeBins, type ReadBins } from './time-bins.ts'
import { CELL_BINS, CELL_MS, EVENTS_KEPT } from './windows.ts'

/** Which events the page has heard of through any lane: what one lane has, the others are still waiting for. */
export interface KnownEvents {
  readonly events: ReadRing<'seq' | 'at'>
  /** How many were published in each CELL_MS. */
  readonly cells: ReadBins
  readonly top: Cursor | null
}

export interface KnownEventsRecord extends KnownEvents {
  note(epoch: string, seq: number, at: number): void
}

export function createKnownEvents(): KnownEventsRecord {
  const events = createRing(EVENTS_KEPT, ['seq', 'at'])
  const cells = createTimeBins(CELL_MS, CELL_BINS)
  let top: Cursor | null = null

  return {
    events,
    cells,
    get top() {
      return top
    },
    note,
  }

  function note(epoch: string, seq: number, at: number): void {
    if (top !== null && top.epoch !== epoch) {
      events.clear()
      top = null
    }
    if (top !== null && seq <= top.seq) return
    events.push({ seq, at })
    cells.add(at, 1)
    top = { epoch, seq }
  }
}
