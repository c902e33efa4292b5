import { type Cursor, formatCursor, type Gap, parseCursor } from '../../server/protocol/wire.ts'
import type { Audit } from './subscription.ts'

/** What an event, a gap or the end of a batch turned out to be for a reader that stands where it stands. */
export type Verdict =
  | 'new'
  /** The reader has it. */
  | 'repeat'
  /** Something between the reader's place and this was left out without a word. */
  | 'jump'

/**
 * A reader's place in the log and the audit of how it moved. The place outlives every connection: whoever carries
 * the events, this alone decides what reaches the application.
 */
export interface Place {
  readonly cursor: string | null
  readonly audit: Audit
  /** A newcomer's first cursor: the place before what follows. Says nothing to a reader that has a place. */
  begin(cursor: string): void
  event(epoch: string, seq: number): Verdict
  /** `cursor` is the place just before the next event. */
  gap(gap: Gap, cursor: string): Verdict
  /** All that a batch brought is taken: `cursor` is where the server believes the reader to stand now. */
  reached(cursor: string): Verdict
  /** One more request, or one more connection. */
  asked(): void
}

export function createPlace(from: string): Place {
  let last: Cursor | null = parseCursor(from)
  const audit = { received: 0, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0, asks: 0 }

  return {
    get cursor() {
      return last && formatCursor(last)
    },
    get audit() {
      return { ...audit }
    },
    begin,
    event,
    gap,
    reached,
    asked,
  }

  function begin(cursor: string): void {
    last ??= parseCursor(cursor)
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

  function gap(gap: Gap, cursor: string): Verdict {
    const next = parseCursor(cursor)
    if (last === null || next === null) return jump()
    if (gap.reason === 'trimmed') {
      if (next.epoch !== last.epoch) return jump()
      if (next.seq <= last.seq) return 'repeat'
      // A gap that does not join what the reader has to what it is about to get hides a second, undeclared one.
      if (gap.from !== last.seq + 1 || gap.to !== next.seq) return jump()
      audit.missing += gap.lost
    }
    if (gap.reason === 'epoch' && next.epoch === last.epoch) return jump()
    if (gap.reason === 'ahead' && (next.epoch !== last.epoch || next.seq > last.seq)) return jump()
    last = next
    audit.gaps += 1
    return 'new'
  }

  function reached(cursor: string): Verdict {
    const end = parseCursor(cursor)
    if (end === null || end.epoch !== last?.epoch) return jump()
    if (end.seq > last.seq) return jump()
    return end.seq === last.seq ? 'new' : 'repeat'
  }

  function asked(): void {
    audit.asks += 1
  }

  /** A reader that has no place yet cannot miss anything: it was merely told things in the wrong order. */
  function jump(): Verdict {
    if (last !== null) audit.undeclaredGaps += 1
    return 'jump'
  }
}
