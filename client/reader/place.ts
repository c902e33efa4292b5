import { type Cursor, type Gap, parseCursor } from '../../server/protocol/wire.ts'
import type { Audit } from './subscription.ts'

/** What an event, a gap or the end of a batch is to a reader at its present place. */
export type Verdict =
  | 'new'
  /** The reader has it. */
  | 'repeat'
  /** Something between the reader's place and this was left out, and not declared. */
  | 'jump'

/**
 * A reader's place in the log, and the audit of how it moved. The place outlives every connection. Whatever technique
 * carries the events, this alone decides what reaches the application.
 */
export interface Place {
  /** The cursor that the reader has reached; another object only when it has moved. `null` until it is known. */
  readonly cursor: Cursor | null
  readonly audit: Audit
  /** The first cursor of a newcomer: the place before what follows. A reader that has a place keeps it. */
  begin(cursor: Cursor): void
  event(epoch: string, seq: number): Verdict
  /** `cursor` is the place just before the next event. */
  gap(gap: Gap, cursor: Cursor): Verdict
  /** All events of a batch are taken, and the server says that the reader is at `cursor` now. */
  reached(cursor: Cursor): Verdict
  countRequest(): void
}

/** `from` is a cursor, also as text. Anything else means that the place is not known yet. */
export function createPlace(from: Cursor | string): Place {
  let last = typeof from === 'string' ? parseCursor(from) : from
  const audit = { received: 0, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0, requests: 0 }

  return {
    get cursor() {
      return last
    },
    get audit() {
      return { ...audit }
    },
    begin,
    event,
    gap,
    reached,
    countRequest,
  }

  function begin(cursor: Cursor): void {
    last ??= cursor
  }

  function event(epoch: string, seq: number): Verdict {
    if (last?.epoch === epoch && seq <= last.seq) {
      audit.repeated += 1
      return 'repeat'
    }
    if (last?.epoch !== epoch || seq !== last.seq + 1) return jump()
    last = { epoch, seq }
    audit.received += 1
    return 'new'
  }

  function gap(gap: Gap, next: Cursor): Verdict {
    if (last === null) return jump()
    if (gap.reason === 'trimmed') {
      if (next.epoch !== last.epoch) return jump()
      if (next.seq <= last.seq) return 'repeat'
      // A gap must join what the reader has to what comes next, or it hides a second gap that is not declared.
      if (gap.from !== last.seq + 1 || gap.to !== next.seq) return jump()
      audit.missing += gap.lost
    }
    if (gap.reason === 'epoch' && next.epoch === last.epoch) return jump()
    if (gap.reason === 'ahead' && (next.epoch !== last.epoch || next.seq > last.seq)) return jump()
    last = next
    audit.gaps += 1
    return 'new'
  }

  function reached(end: Cursor): Verdict {
    if (end.epoch !== last?.epoch || end.seq > last.seq) return jump()
    return end.seq === last.seq ? 'new' : 'repeat'
  }

  function countRequest(): void {
    audit.requests += 1
  }

  /** A reader without a place cannot miss anything: what came, came in the wrong order. */
  function jump(): Verdict {
    if (last !== null) audit.undeclaredGaps += 1
    return 'jump'
  }
}
