import type { Cursor } from '../../../../server/protocol/wire.ts'

/** What a lane's own books say, all counted since the place where it began. */
export interface LaneBooks {
  readonly began: Cursor
  readonly place: Cursor
  readonly received: number
  /** Declared lost in gaps. */
  readonly missing: number
  readonly undeclaredGaps: number
  /** The newest event of the one log, as the server last said; another epoch than the place's means "unknown". */
  readonly top: Cursor | null
}

export type AuditVerdict =
  /** Received + declared missing = emitted, up to the server's newest event. */
  | { readonly name: 'complete' }
  /** The books are right up to the lane's place; so many events are still on their way. */
  | { readonly name: 'behind'; readonly count: number }
  /** The books do not add up by so many events: a fault of the lab, never to be hidden. */
  | { readonly name: 'mismatch'; readonly count: number }

/** Compares what a lane got with what the one source emitted while the lane was there. */
export function auditLane(books: LaneBooks): AuditVerdict {
  const passed = books.place.seq - books.began.seq
  const wrong =
    books.place.epoch === books.began.epoch ? Math.abs(passed - books.received - books.missing) : 1
  const mismatch = wrong + books.undeclaredGaps
  if (mismatch > 0) return { name: 'mismatch', count: mismatch }
  if (books.top === null || books.top.epoch !== books.place.epoch) return { name: 'complete' }
  const behind = books.top.seq - books.place.seq
  return behind > 0 ? { name: 'behind', count: behind } : { name: 'complete' }
}
