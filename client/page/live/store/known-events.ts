import type { Cursor } from '../../../../server/protocol/wire.ts'
import { CELL_MS, WINDOW_MS } from '../lanes/lane-geometry.ts'
import { createRing, type Ring } from './ring.ts'
import { createTimeBins, type TimeBins } from './time-bins.ts'

/** Ten seconds of single events, with room for a burst; above 60 a second they are drawn as cells. */
const CAPACITY = 2_048

/** Which events the page has heard of through any lane: what one lane has, the others are still waiting for. */
export interface KnownEvents {
  readonly events: Ring<'seq' | 'at'>
  /** How many were published in each CELL_MS. */
  readonly cells: TimeBins
  readonly top: Cursor | null
  note(epoch: string, seq: number, at: number): void
}

export function createKnownEvents(): KnownEvents {
  const events = createRing(CAPACITY, ['seq', 'at'])
  const cells = createTimeBins(CELL_MS, WINDOW_MS / CELL_MS + 8)
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

export type ArrivalRing = Ring<'seq' | 'at' | 'receivedAt'>

export function createArrivalRing(): ArrivalRing {
  return createRing(CAPACITY, ['seq', 'at', 'receivedAt'])
}

/** What a lane was doing when. `end` is NaN while it lasts. */
export const SPAN = { waiting: 0, asking: 1, holding: 2, open: 3, broken: 4 } as const
export type SpanRing = Ring<'start' | 'end' | 'kind'>

export function createSpanRing(): SpanRing {
  return createRing(1_024, ['start', 'end', 'kind'])
}

/** Events that were declared lost, as they are drawn: a hollow shape with its numbers. */
export interface GapMark {
  readonly at: number
  readonly label: string
}
