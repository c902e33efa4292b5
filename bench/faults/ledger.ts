import { type Cursor, formatCursor, type Gap, parseCursor } from '../../server/protocol/wire.ts'

/** What publishers and readers recorded: all that `findViolations` looks at. Cursors are text, as on the wire. */
export interface Ledger {
  readonly publications: readonly Publication[]
  /** The newest event of each epoch that the log has dropped: the only valid cause of a `trimmed` gap. */
  readonly trimmedUpTo: ReadonlyMap<string, number>
  readonly readers: readonly ReaderAccount[]
  /** No fault is active since `atMs`, and every reader has `withinMs` to reach `top`. `null`: none has to. */
  readonly recovery: { readonly top: string; readonly atMs: number; readonly withinMs: number } | null
}

/** The publisher's own number for an event, the hash of its payload, and the cursor that acknowledged it. */
export interface Publication {
  readonly n: number
  readonly hash: string
  /** `null`: no answer came, so the event may be in the log or not. */
  readonly cursor: string | null
}

export interface ReaderAccount {
  readonly name: string
  /** Its cursor before the first entry. */
  readonly from: string
  readonly entries: readonly Entry[]
  /** It closed before the end, so it does not have to reach the top. */
  readonly left: boolean
}

/** What a reader received, in that order. `atMs` is on the same clock as `recovery`. */
export type Entry = EventEntry | GapEntry

export interface EventEntry {
  readonly kind: 'event'
  readonly connection: number
  readonly cursor: string
  readonly n: number
  readonly hash: string
  readonly atMs: number
}

export interface GapEntry {
  readonly kind: 'gap'
  readonly connection: number
  readonly cursor: string
  readonly gap: Gap
  readonly atMs: number
}

/** Records a ledger while a test runs. */
export interface LedgerWriter {
  /** Records that an event is about to be published; call the returned function with the cursor that acknowledges it. */
  publishing(n: number, hash: string): (cursor: string) => void
  /** Opens the account of one reader. `null`: where it starts is not known until its first entry. */
  openAccount(name: string, from: string | null): AccountWriter
  /** The log may have dropped all events of the epoch up to this one. */
  trimmed(epoch: string, upTo: number): void
  /** No fault is active from now on: every reader has to reach `top` in time. */
  faultsOver(top: string, withinMs: number): void
  read(): Ledger
}

export interface AccountWriter {
  /** The reader knows its cursor, but has received nothing yet. */
  started(cursor: string): void
  event(connection: number, cursor: string, n: number, hash: string): void
  gap(connection: number, cursor: string, gap: Gap): void
  /** The reader was closed by its owner. */
  left(): void
}

export function createLedger(nowMs: () => number = () => performance.now()): LedgerWriter {
  const publications: { n: number; hash: string; cursor: string | null }[] = []
  const trimmedUpTo = new Map<string, number>()
  const accounts: { name: string; from: string | null; entries: Entry[]; left: boolean }[] = []
  let recovery: Ledger['recovery'] = null

  return {
    publishing,
    openAccount,
    trimmed(epoch, upTo) {
      trimmedUpTo.set(epoch, Math.max(upTo, trimmedUpTo.get(epoch) ?? 0))
    },
    faultsOver(top, withinMs) {
      recovery = { top, atMs: nowMs(), withinMs }
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

  function openAccount(name: string, from: string | null): AccountWriter {
    const account = { name, from, entries: [] as Entry[], left: false }
    accounts.push(account)
    return {
      started(cursor) {
        if (account.entries.length === 0) account.from ??= cursor
      },
      event(connection, cursor, n, hash) {
        account.from ??= cursorBefore(cursor)
        account.entries.push({ kind: 'event', connection, cursor, n, hash, atMs: nowMs() })
      },
      gap(connection, cursor, gap) {
        if (gap.reason === 'trimmed')
          account.from ??= formatCursor({ ...readCursor(cursor), seq: gap.from - 1 })
        account.entries.push({ kind: 'gap', connection, cursor, gap, atMs: nowMs() })
      },
      left() {
        account.left = true
      },
    }
  }

  /** Without a start there is nothing to check: such a reader never learned its cursor and received nothing. */
  function read(): Ledger {
    const readers = accounts.flatMap(({ name, from, entries, left }): ReaderAccount[] =>
      from === null ? [] : [{ name, from, entries, left }],
    )
    return { publications, trimmedUpTo, readers, recovery }
  }
}

/** The cursor just before an event. */
function cursorBefore(event: string): string {
  const { epoch, seq } = readCursor(event)
  return formatCursor({ epoch, seq: seq - 1 })
}

/** Reads a cursor of the ledger; throws if it is none. */
export function readCursor(text: string): Cursor {
  const cursor = parseCursor(text)
  if (cursor === null) throw new Error(`The ledger was given "${text}", which is not a cursor.`)
  return cursor
}
