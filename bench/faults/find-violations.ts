import { type Cursor, formatCursor, type Gap } from '../../server/protocol/wire.ts'
import { type EventEntry, type Ledger, type ReaderAccount, readCursor } from './ledger.ts'

/** What can be wrong, and the rule of the delivery contract that it breaks. */
export const RULES = {
  /** An acknowledged event, within what the reader covered and outside its declared gaps, never arrived. */
  lost: 'L1',
  /** An event arrived again. */
  repeated: 'L1',
  /** An event arrived after a later one. */
  disordered: 'L2',
  /** What arrived was never published. */
  forged: 'L3',
  /** One cursor stood for two payloads. */
  contradicted: 'L4',
  /** A gap does not say exactly what was lost. */
  inexact: 'L5',
  /** A gap was declared although nothing was lost. */
  causeless: 'L6',
  /** The reader did not reach the top in time. */
  stranded: 'L7',
} as const
export type ViolationKind = keyof typeof RULES

export interface Violation {
  readonly kind: ViolationKind
  readonly rule: (typeof RULES)[ViolationKind]
  readonly reader: string
  readonly sentence: string
}

/** Checks a ledger against the rules L1 to L7. */
export function findViolations(ledger: Ledger): Violation[] {
  const facts = collectFacts(ledger)
  return ledger.readers.flatMap(account => checkAccount(account, facts))
}

interface Facts {
  readonly ledger: Ledger
  /** Payloads by cursor: acknowledged ones, and unacknowledged ones under the cursor at which they first arrived. */
  readonly payloads: Map<string, string>
  /** All payloads that were sent to the server, acknowledged or not. */
  readonly published: ReadonlySet<string>
  /** The acknowledged sequence numbers of each epoch, rising. */
  readonly acknowledged: ReadonlyMap<string, readonly number[]>
}

function collectFacts(ledger: Ledger): Facts {
  const payloads = new Map<string, string>()
  const acknowledged = new Map<string, number[]>()
  for (const { n, hash, cursor } of ledger.publications) {
    if (cursor === null) continue
    payloads.set(cursor, payloadName(n, hash))
    const { epoch, seq } = readCursor(cursor)
    const seqs = acknowledged.get(epoch) ?? []
    if (seqs.push(seq) === 1) acknowledged.set(epoch, seqs)
  }
  for (const seqs of acknowledged.values()) seqs.sort((a, b) => a - b)
  const published = new Set(ledger.publications.map(({ n, hash }) => payloadName(n, hash)))
  return { ledger, payloads, published, acknowledged }
}

function payloadName(n: number, hash: string): string {
  return `${n} (${hash})`
}

/** A range of one epoch: everything after `after`, up to `upTo`. */
interface Span {
  readonly epoch: string
  readonly after: number
  upTo: number
}

function checkAccount({ name, from, entries, left }: ReaderAccount, facts: Facts): Violation[] {
  const { trimmedUpTo, recovery } = facts.ledger
  const violations: Violation[] = []
  const seen = new Set<string>()
  const declaredLost: Span[] = []
  /** Declared lost without a cause: reported once, for the gap, and not again for its events. */
  const falselyDeclared: Span[] = []
  let position = readCursor(from)
  let span: Span = { epoch: position.epoch, after: position.seq, upTo: position.seq }
  const spans = [span]
  let reachedTopAtMs = isAtTop() ? Number.NEGATIVE_INFINITY : null

  for (const entry of entries) {
    if (entry.kind === 'event') checkEvent(entry)
    else checkGap(entry.gap, readCursor(entry.cursor))
    if (reachedTopAtMs === null && isAtTop()) reachedTopAtMs = entry.atMs
  }
  for (const covered of spans) checkSpan(covered)
  checkRecovery()
  return violations

  function checkEvent({ cursor, n, hash }: EventEntry): void {
    const payload = payloadName(n, hash)
    const expected = facts.payloads.get(cursor)
    if (seen.has(cursor)) {
      report('repeated', `received ${cursor} again`)
      return
    }
    if (!facts.published.has(payload)) {
      report('forged', `received ${payload} at ${cursor}, which was never published`)
      // At the cursor of a published event it takes that event's place; at any other it counts for nothing.
      if (expected === undefined) return
    } else if (expected === undefined) facts.payloads.set(cursor, payload)
    else if (expected !== payload)
      report('contradicted', `received ${payload} at ${cursor}, where ${expected} is`)
    seen.add(cursor)

    const { epoch, seq } = readCursor(cursor)
    if (epoch !== position.epoch) {
      report('lost', `went from ${formatCursor(position)} to ${cursor} without a gap`)
      startSpan({ epoch, seq: seq - 1 })
    }
    if (isIn(declaredLost, { epoch, seq }))
      report('inexact', `received ${cursor}, which had been declared lost`)
    else if (seq <= position.seq) report('disordered', `received ${cursor} after ${formatCursor(position)}`)
    else advance({ epoch, seq })
  }

  function checkGap(gap: Gap, next: Cursor): void {
    if (gap.reason === 'trimmed') checkTrimmed(gap, next)
    else if (gap.reason === 'epoch') checkEpoch(next)
    else checkAhead(next)
  }

  function checkEpoch(next: Cursor): void {
    const trimmed = trimmedUpTo.get(next.epoch) ?? 0
    if (next.epoch === position.epoch)
      report('causeless', `was told of a new epoch at ${formatCursor(position)}, but the epoch is the same`)
    else {
      if (next.seq > trimmed)
        report('inexact', `was sent to ${formatCursor(next)}, but the new epoch still had ${trimmed + 1}`)
      startSpan(next)
    }
  }

  function checkAhead(next: Cursor): void {
    const newest = facts.acknowledged.get(position.epoch)?.at(-1) ?? 0
    if (next.epoch !== position.epoch || position.seq <= next.seq || position.seq <= newest)
      report('causeless', `was told at ${formatCursor(position)} that it is ahead of the log`)
    else startSpan(next)
  }

  function checkTrimmed(
    { from: first, to: last, lost }: Extract<Gap, { reason: 'trimmed' }>,
    next: Cursor,
  ): void {
    const trimmed = trimmedUpTo.get(position.epoch) ?? 0
    const told = `was told at ${formatCursor(position)} that ${first} to ${last} are lost`
    const gapSpan = { epoch: position.epoch, after: first - 1, upTo: last }
    if (first > trimmed) {
      falselyDeclared.push(gapSpan)
      report(
        'causeless',
        `${told}, but the log has dropped ${trimmed === 0 ? 'none' : `only up to ${trimmed}`}`,
      )
      return
    }
    declaredLost.push(gapSpan)
    const joins = next.epoch === position.epoch && first === position.seq + 1 && last === next.seq
    if (!joins || lost !== last - first + 1)
      report('inexact', `${told} (${lost} events), and was sent to ${formatCursor(next)}`)
    else if (last > trimmed) report('inexact', `${told}, but the log has dropped only up to ${trimmed}`)
    if (next.epoch === position.epoch && next.seq > position.seq) advance(next)
  }

  function checkSpan({ epoch, after, upTo }: Span): void {
    const missing = (facts.acknowledged.get(epoch) ?? []).filter(seq => {
      if (seq <= after || seq > upTo || seen.has(formatCursor({ epoch, seq }))) return false
      return !isIn(declaredLost, { epoch, seq }) && !isIn(falselyDeclared, { epoch, seq })
    })
    if (missing.length > 0)
      report(
        'lost',
        `never received ${missing.length} of ${epoch}-${after + 1} to ${upTo}: ${shortList(missing)}`,
      )
  }

  function checkRecovery(): void {
    if (recovery === null || left) return
    const { top, atMs, withinMs } = recovery
    if (reachedTopAtMs === null)
      report('stranded', `stopped at ${formatCursor(position)} and never reached ${top}`)
    else if (reachedTopAtMs > atMs + withinMs)
      report(
        'stranded',
        `reached ${top} after ${Math.round(reachedTopAtMs - atMs)} ms, not within ${withinMs} ms`,
      )
  }

  function isAtTop(): boolean {
    const top = recovery === null ? null : readCursor(recovery.top)
    return top !== null && top.epoch === position.epoch && position.seq >= top.seq
  }

  function advance(next: Cursor): void {
    position = next
    span.upTo = next.seq
  }

  function startSpan(next: Cursor): void {
    position = next
    span = { epoch: next.epoch, after: next.seq, upTo: next.seq }
    spans.push(span)
  }

  function report(kind: ViolationKind, what: string): void {
    violations.push({ kind, rule: RULES[kind], reader: name, sentence: `${RULES[kind]}: ${name} ${what}.` })
  }
}

function isIn(spans: readonly Span[], { epoch, seq }: Cursor): boolean {
  return spans.some(span => span.epoch === epoch && span.after < seq && seq <= span.upTo)
}

function shortList(seqs: readonly number[]): string {
  return seqs.length <= 8 ? seqs.join(', ') : `${seqs.slice(0, 8).join(', ')} …`
}
