import type { Cursor } from '../../../../server/protocol/wire.ts'

/** What a lane counted since the place where its audit began. */
export interface AuditedCounts {
  readonly began: Cursor
  readonly place: Cursor
  readonly received: number
  /** Declared lost in gaps. */
  readonly missing: number
  readonly undeclaredGaps: number
  /** The newest event of the log, as the server last said; one of another epoch than the place's says nothing. */
  readonly top: Cursor | null
}

export type AuditVerdict =
  /** Received + declared missing = emitted, up to the server's newest event. */
  | { readonly name: 'complete' }
  /** The counts are right up to the lane's place; `count` events are still on their way. */
  | { readonly name: 'behind'; readonly count: number }
  /** The counts are off by `count` events: a fault of the lab, which the page always shows. */
  | { readonly name: 'mismatch'; readonly count: number }

/** Compares what a lane got with what the source emitted while the lane was there. */
export function auditLane(counts: AuditedCounts): AuditVerdict {
  const passed = counts.place.seq - counts.began.seq
  const wrong =
    counts.place.epoch === counts.began.epoch ? Math.abs(passed - counts.received - counts.missing) : 1
  const mismatch = wrong + counts.undeclaredGaps
  if (mismatch > 0) return { name: 'mismatch', count: mismatch }
  if (counts.top === null || counts.top.epoch !== counts.place.epoch) return { name: 'complete' }
  const behind = counts.top.seq - counts.place.seq
  return behind > 0 ? { name: 'behind', count: behind } : { name: 'complete' }
}
