import type { Gap } from '../../server/protocol/wire.ts'
import type { Ledger, Note, Publication, SubscriberPage } from './ledger.ts'

/** Where publishers and subscribers write, as it happens, what the ledger is judged by. */
export interface LedgerBook {
  /** Notes that something is about to be published; the returned function notes the cursor that acknowledged it. */
  publishing(n: number, hash: string): (cursor: string) => void
  /** Opens the page of one subscriber. `from` may be learnt later, from the first note. */
  open(name: string, from: string | null): Page
  /** All up to this event of the epoch may have been let go of. */
  trimmed(epoch: string, upTo: number): void
  /** From now on nothing is broken any more. */
  healed(top: string, withinMs: number): void
  read(): Ledger
}

/** A subscriber's page. */
export interface Page {
  /** It has learnt its place, and nothing else yet. */
  began(cursor: string): void
  event(connection: number, cursor: string, n: number, hash: string): void
  gap(connection: number, cursor: string, gap: Gap): void
  /** It went home by itself. */
  leave(): void
}

export function createLedgerBook(nowMs: () => number): LedgerBook {
  const publications: { n: number; hash: string; cursor: string | null }[] = []
  const trimmedUpTo = new Map<string, number>()
  const pages: { name: string; from: string | null; notes: Note[]; left: boolean }[] = []
  let healed: Ledger['healed'] = null

  return {
    publishing,
    open,
    trimmed(epoch, upTo) {
      trimmedUpTo.set(epoch, Math.max(upTo, trimmedUpTo.get(epoch) ?? 0))
    },
    healed(top, withinMs) {
      healed = { top, atMs: nowMs(), withinMs }
    },
    read,
  }

  function publishing(n: number, hash: string): (cursor: string) => void {
    const publication: { n: number; hash: string; cursor: string | null } = { n, hash, cursor: null }
    publications.push(publication)
    return cursor => {
      publication.cursor = cursor
    }
  }

  function open(name: string, from: string | null): Page {
    const page = { name, from, notes: [] as Note[], left: false }
    pages.push(page)
    return {
      began(cursor) {
        if (page.notes.length === 0) page.from ??= cursor
      },
      event(connection, cursor, n, hash) {
        page.from ??= before(cursor)
        page.notes.push({ kind: 'event', connection, cursor, n, hash, atMs: nowMs() })
      },
      gap(connection, cursor, gap) {
        if (gap.reason === 'trimmed') page.from ??= `${cursor.slice(0, EPOCH_LENGTH)}-${gap.from - 1}`
        page.notes.push({ kind: 'gap', connection, cursor, gap, atMs: nowMs() })
      },
      leave() {
        page.left = true
      },
    }
  }

  /** A subscriber that was told nothing and did not know its place has nothing to be judged by. */
  function read(): Ledger {
    const subscribers = pages.flatMap(({ name, from, notes, left }): SubscriberPage[] =>
      from === null ? [] : [{ name, from, notes, left }],
    )
    return { publications: publications as Publication[], trimmedUpTo, subscribers, healed }
  }
}

const EPOCH_LENGTH = 10

/** The place just before an event. */
function before(cursor: string): string {
  const [epoch, seq] = cursor.split('-')
  return `${epoch}-${Number(seq) - 1}`
}
