import { type Cursor, type Gap, parseCursor } from '../../server/protocol/wire.ts'

/** What a publisher noted: its own number, the payload's hash, and the cursor that acknowledged it. */
export interface Publication {
  readonly n: number
  readonly hash: string
  /** `null`: no answer came, so that nobody knows whether it is in the log. */
  readonly cursor: string | null
}

/** What a subscriber noted, in the order in which it was told. `atMs` is of the clock that `healed` is of. */
export type Note =
  | {
      readonly kind: 'event'
      readonly connection: number
      readonly cursor: string
      readonly n: number
      readonly hash: string
      readonly atMs: number
    }
  | {
      readonly kind: 'gap'
      readonly connection: number
      readonly cursor: string
      readonly gap: Gap
      readonly atMs: number
    }

export interface SubscriberPage {
  readonly name: string
  /** Its place before the first note. */
  readonly from: string
  readonly notes: readonly Note[]
  /** It went home by itself: it need not come to the top. */
  readonly left: boolean
}

export interface Ledger {
  readonly publications: readonly Publication[]
  /** For each epoch the newest event that its log has let go of: the only cause of a `trimmed` gap. */
  readonly trimmedUpTo: ReadonlyMap<string, number>
  readonly subscribers: readonly SubscriberPage[]
  /** Since `atMs` nothing is broken any more, and everyone has `withinMs` to come to `top`. */
  readonly healed: { readonly top: string; readonly atMs: number; readonly withinMs: number } | null
}

/** What can be wrong, and the rule that it breaks. */
export const RULES = {
  /** An acknowledged event in the subscriber's span and outside its declared gaps never arrived. */
  lost: 'L1',
  /** An event arrived again. */
  repeated: 'L1',
  /** An event arrived after a later one. */
  disordered: 'L2',
  /** What arrived was never published. */
  forged: 'L3',
  /** One cursor, two payloads. */
  contradicted: 'L4',
  /** A gap is not exactly what was lost. */
  inexact: 'L5',
  /** A gap was declared where nothing was lost. */
  causeless: 'L6',
  /** It did not come to the top in time. */
  stranded: 'L7',
} as const
export type Fault = keyof typeof RULES

export interface Violation {
  readonly fault: Fault
  readonly rule: (typeof RULES)[Fault]
  readonly subscriber: string
  readonly sentence: string
}

/** Reads the ledger and returns whatever breaks one of the rules L1 to L7; nothing, if all is well. */
export function judge(ledger: Ledger): Violation[] {
  const facts = gatherFacts(ledger)
  return ledger.subscribers.flatMap(page => judgePage(page, facts))
}

interface Facts {
  readonly ledger: Ledger
  /** Acknowledged payloads by cursor, and payloads of which nobody knows, by the cursor under which they first arrived. */
  readonly payloads: Map<string, string>
  /** All payloads that anybody meant to publish. */
  readonly known: ReadonlySet<string>
  /** Acknowledged sequence numbers of each epoch, rising. */
  readonly acknowledged: ReadonlyMap<string, readonly number[]>
}

function gatherFacts(ledger: Ledger): Facts {
  const payloads = new Map<string, string>()
  const acknowledged = new Map<string, number[]>()
  for (const { n, hash, cursor } of ledger.publications) {
    if (cursor === null) continue
    payloads.set(cursor, payloadName(n, hash))
    const { epoch, seq } = placeAt(cursor)
    const seqs = acknowledged.get(epoch) ?? []
    if (seqs.push(seq) === 1) acknowledged.set(epoch, seqs)
  }
  for (const seqs of acknowledged.values()) seqs.sort((a, b) => a - b)
  const known = new Set(ledger.publications.map(({ n, hash }) => payloadName(n, hash)))
  return { ledger, payloads, known, acknowledged }
}

function payloadName(n: number, hash: string): string {
  return `${n} (${hash})`
}

/** A stretch of one epoch: everything after `after`, up to `upTo`. */
interface Span {
  readonly epoch: string
  readonly after: number
  upTo: number
}

function judgePage({ name, from, notes, left }: SubscriberPage, facts: Facts): Violation[] {
  const { trimmedUpTo, healed } = facts.ledger
  const violations: Violation[] = []
  const seen = new Set<string>()
  const declared: Span[] = []
  /** Declared lost for no reason: blamed once, for the gap. */
  const excused: Span[] = []
  let place: Cursor = placeAt(from)
  let span: Span = { epoch: place.epoch, after: place.seq, upTo: place.seq }
  const spans = [span]
  let arrivedAtMs = isAtTop() ? Number.NEGATIVE_INFINITY : null

  for (const note of notes) {
    if (note.kind === 'event') judgeEvent(note)
    else judgeGap(note.gap, note.cursor)
    if (arrivedAtMs === null && isAtTop()) arrivedAtMs = note.atMs
  }
  for (const passed of spans) judgeSpan(passed)
  judgeArrival()
  return violations

  function judgeEvent({ cursor, n, hash }: Extract<Note, { kind: 'event' }>): void {
    const payload = payloadName(n, hash)
    const published = facts.payloads.get(cursor)
    if (seen.has(cursor)) {
      blame('repeated', `was handed ${cursor} again`)
      return
    }
    if (!facts.known.has(payload)) {
      blame('forged', `was handed ${payload} at ${cursor}, which nobody published`)
      // At a cursor of its own it stands for nothing; at another's it stands in that one's place.
      if (published === undefined) return
    } else if (published === undefined) facts.payloads.set(cursor, payload)
    else if (published !== payload)
      blame('contradicted', `was handed ${payload} at ${cursor}, where ${published} is`)
    seen.add(cursor)

    const { epoch, seq } = placeAt(cursor)
    if (epoch !== place.epoch) {
      blame('lost', `came from ${text(place)} to ${cursor} without a gap`)
      enter({ epoch, seq: seq - 1 })
    }
    if (isIn(declared, { epoch, seq })) blame('inexact', `was handed ${cursor}, which had been declared lost`)
    else if (seq <= place.seq) blame('disordered', `was handed ${cursor} after ${text(place)}`)
    else advance({ epoch, seq })
  }

  function judgeGap(gap: Gap, cursor: string): void {
    const next = placeAt(cursor)
    if (gap.reason === 'trimmed') judgeTrimmed(gap, next)
    else if (gap.reason === 'epoch') judgeEpoch(next)
    else judgeAhead(next)
  }

  function judgeEpoch(next: Cursor): void {
    const kept = trimmedUpTo.get(next.epoch) ?? 0
    if (next.epoch === place.epoch)
      blame('causeless', `was told of another epoch at ${text(place)}, which is of the same`)
    else {
      if (next.seq > kept)
        blame('inexact', `was sent to ${text(next)} by a new epoch that still had ${kept + 1} and later`)
      enter(next)
    }
  }

  function judgeAhead(next: Cursor): void {
    const newest = facts.acknowledged.get(place.epoch)?.at(-1) ?? 0
    if (next.epoch !== place.epoch || place.seq <= next.seq || place.seq <= newest)
      blame('causeless', `was told at ${text(place)} that it is ahead`)
    else enter(next)
  }

  function judgeTrimmed(
    { from: first, to: last, lost }: Extract<Gap, { reason: 'trimmed' }>,
    next: Cursor,
  ): void {
    const trimmed = trimmedUpTo.get(place.epoch) ?? 0
    const said = `was told at ${text(place)} that ${first} to ${last} are lost`
    const stretch = { epoch: place.epoch, after: first - 1, upTo: last }
    if (first > trimmed) {
      excused.push(stretch)
      blame(
        'causeless',
        `${said}, but ${trimmed === 0 ? 'nothing was trimmed' : `only up to ${trimmed} was trimmed`}`,
      )
      return
    }
    declared.push(stretch)
    const joins = next.epoch === place.epoch && first === place.seq + 1 && last === next.seq
    if (!joins || lost !== last - first + 1) blame('inexact', `${said} (${lost}), and sent to ${text(next)}`)
    else if (last > trimmed) blame('inexact', `${said}, but only up to ${trimmed} was trimmed`)
    if (next.epoch === place.epoch && next.seq > place.seq) advance(next)
  }

  function judgeSpan({ epoch, after, upTo }: Span): void {
    const missing = (facts.acknowledged.get(epoch) ?? []).filter(seq => {
      if (seq <= after || seq > upTo || seen.has(text({ epoch, seq }))) return false
      return !isIn(declared, { epoch, seq }) && !isIn(excused, { epoch, seq })
    })
    if (missing.length > 0)
      blame('lost', `never got ${missing.length} of ${epoch}-${after + 1} to ${upTo}: ${list(missing)}`)
  }

  function judgeArrival(): void {
    if (healed === null || left) return
    const { top, atMs, withinMs } = healed
    if (arrivedAtMs === null) blame('stranded', `stands at ${text(place)} and never came to ${top}`)
    else if (arrivedAtMs > atMs + withinMs)
      blame(
        'stranded',
        `came to ${top} after ${Math.round(arrivedAtMs - atMs)} ms, not within ${withinMs} ms`,
      )
  }

  function isAtTop(): boolean {
    const top = healed === null ? null : placeAt(healed.top)
    return top !== null && top.epoch === place.epoch && place.seq >= top.seq
  }

  function advance(next: Cursor): void {
    place = next
    span.upTo = next.seq
  }

  function enter(next: Cursor): void {
    place = next
    span = { epoch: next.epoch, after: next.seq, upTo: next.seq }
    spans.push(span)
  }

  function blame(fault: Fault, what: string): void {
    violations.push({
      fault,
      rule: RULES[fault],
      subscriber: name,
      sentence: `${RULES[fault]}: ${name} ${what}.`,
    })
  }
}

function isIn(stretches: readonly Span[], { epoch, seq }: Cursor): boolean {
  return stretches.some(stretch => stretch.epoch === epoch && stretch.after < seq && seq <= stretch.upTo)
}

function placeAt(cursor: string): Cursor {
  const place = parseCursor(cursor)
  if (place === null) throw new Error(`The ledger was given "${cursor}", which is no cursor.`)
  return place
}

function text({ epoch, seq }: Cursor): string {
  return `${epoch}-${seq}`
}

/** The first few numbers, as a person reads them. */
function list(seqs: readonly number[]): string {
  return seqs.length <= 8 ? seqs.join(', ') : `${seqs.slice(0, 8).join(', ')} …`
}
