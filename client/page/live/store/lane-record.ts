import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { Cursor, Gap } from '../../../../server/protocol/wire.ts'
import type { Delivery, LossReason, Subscription, SubscriptionState } from '../../../reader/subscribe.ts'
import type { KnownEventsRecord } from './known-events.ts'
import { type AuditVerdict, auditLane } from './lane-audit.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { createRing, type ReadRing } from './ring.ts'
import { createTimeBins, type ReadBins } from './time-bins.ts'
import { CELL_BINS, CELL_MS, CHART_BIN_MS, CHART_BINS, EVENTS_KEPT } from './windows.ts'

const SPANS_KEPT = 1_024
const GAPS_KEPT = 16

/** What a lane was doing. */
export const SPAN = { waiting: 0, requesting: 1, holding: 2, open: 3, broken: 4 } as const

/** A gap, when the lane was told of it. */
export interface GapMark {
  readonly at: number
  readonly gap: Gap
}

/** What the page knows of one lane: what it shows, what it measured, and how it counts. */
export interface Lane {
  readonly technique: Technique
  readonly arrivals: ReadRing<'seq' | 'at' | 'receivedAt'>
  /** `end` is NaN while the span lasts; `kind` is one of SPAN. */
  readonly spans: ReadRing<'start' | 'end' | 'kind'>
  readonly gaps: readonly GapMark[]
  readonly samples: Pick<Recorder, 'summarise'>
  readonly latencyBins: ReadBins
  readonly emittedCells: ReadBins
  readonly arrivedCells: ReadBins
  /** `null` where the lane does not run. */
  readonly state: SubscriptionState | null
  /** The technique that carries the lane, and why it left its own; `null` while its own carries it. */
  readonly moved: { readonly to: Technique; readonly why: LossReason } | null
  /** The newest event that reached the page, or the gap that stands for it. */
  readonly place: Cursor | null
  counts(): LaneCounts
  audit(top: Cursor | null): AuditVerdict | null
}

export interface LaneCounts {
  readonly received: number
  readonly missing: number
  readonly repeated: number
  readonly requests: number
}

export interface LaneRecord extends Lane {
  /**
   * Counts this subscription, which goes on from `from`, or begins at its first event where that is `null`. Events published before
   * `measuredFrom` have no latency: the lane was switched off when they were.
   */
  follow(subscription: Subscription, from: Cursor | null, measuredFrom: number): void
  /** The lane no longer runs in this tab; what it measured stays. */
  rest(nowMs: number): void
  delivered(delivery: Delivery, clockUncertaintyMs: number): void
  lost(gap: Gap, nowMs: number): void
  changed(state: SubscriptionState, nowMs: number): void
}

/** An event that came so long before its publication that no clock error explains it has no latency. */
const NO_LATENCY_BELOW_MS = -5
const NOTHING: LaneCounts = { received: 0, missing: 0, repeated: 0, requests: 0 }

export function createLaneRecord(technique: Technique, known: KnownEventsRecord): LaneRecord {
  const arrivals = createRing(EVENTS_KEPT, ['seq', 'at', 'receivedAt'])
  const spans = createRing(SPANS_KEPT, ['start', 'end', 'kind'])
  const gaps: GapMark[] = []
  const samples = createRecorder()
  const latencyBins = createTimeBins(CHART_BIN_MS, CHART_BINS + 8)
  const emittedCells = createTimeBins(CELL_MS, CELL_BINS)
  const arrivedCells = createTimeBins(CELL_MS, CELL_BINS)
  let subscription: Subscription | null = null
  let state: SubscriptionState | null = null
  let place: Cursor | null = null
  let moved: Lane['moved'] = null
  let measuredFromMs = Number.NEGATIVE_INFINITY
  /** What the subscriptions before this one counted. */
  let past = NOTHING
  /** Where the audit begins, and what the subscription had counted by then. A new epoch begins a new audit. */
  let began: { readonly place: Cursor; readonly received: number; readonly missing: number } | null = null

  return {
    technique,
    arrivals,
    spans,
    gaps,
    samples,
    latencyBins,
    emittedCells,
    arrivedCells,
    get state() {
      return state
    },
    get moved() {
      return moved
    },
    get place() {
      return place
    },
    follow,
    rest,
    delivered,
    lost,
    changed,
    counts,
    audit,
  }

  function follow(next: Subscription, from: Cursor | null, measuredFrom: number): void {
    retire()
    subscription = next
    place = from
    began = null
    measuredFromMs = measuredFrom
  }

  function rest(nowMs: number): void {
    retire()
    state = null
    enterSpan(SPAN.waiting, nowMs)
  }

  /** A lane that is started again goes on counting. */
  function retire(): void {
    past = counts()
    subscription = null
    moved = null
  }

  function delivered(delivery: Delivery, clockUncertaintyMs: number): void {
    const { event, cursor, receivedAt } = delivery
    const { epoch } = cursor
    place = cursor
    if (began === null) beginAudit({ epoch, seq: event.seq - 1 }, 1)
    known.note(epoch, event.seq, event.at)
    arrivals.push({ seq: event.seq, at: event.at, receivedAt })
    emittedCells.add(event.at, 1)
    arrivedCells.add(receivedAt, 1)
    const latencyMs = receivedAt - event.at
    if (latencyMs < NO_LATENCY_BELOW_MS - clockUncertaintyMs || event.at < measuredFromMs) return
    samples.record(receivedAt, event.at)
    latencyBins.add(receivedAt, latencyMs)
  }

  function lost(gap: Gap, nowMs: number): void {
    place = subscription?.place ?? null
    if (gap.reason !== 'trimmed' && place !== null) beginAudit(place)
    gaps.push({ at: nowMs, gap })
    if (gaps.length > GAPS_KEPT) gaps.shift()
  }

  function changed(next: SubscriptionState, nowMs: number): void {
    state = next
    noteTechnique(next)
    learnPlace()
    enterSpan(kindOf(next), nowMs)
  }

  function enterSpan(kind: number, nowMs: number): void {
    spans.set(0, 'end', nowMs)
    spans.push({ start: nowMs, end: Number.NaN, kind })
  }

  function noteTechnique(next: SubscriptionState): void {
    if (subscription === null) return
    const to = subscription.technique
    if (to === technique) moved = null
    else if (to !== moved?.to) moved = { to, why: ('why' in next && next.why) || 'unreachable' }
  }

  /** The hello, or the first batch of a poll, tells the place before any event: the audit begins there. */
  function learnPlace(): void {
    const start = began === null ? (subscription?.place ?? null) : null
    if (start === null) return
    place = start
    beginAudit(start)
  }

  /** @param received events that lie behind `from` and are counted already */
  function beginAudit(from: Cursor, received = 0): void {
    if (subscription === null) return
    const { audit } = subscription
    began = { place: from, received: audit.received - received, missing: audit.missing }
  }

  function counts(): LaneCounts {
    if (subscription === null) return past
    learnPlace()
    const { audit } = subscription
    return {
      received: past.received + audit.received,
      missing: past.missing + audit.missing,
      repeated: past.repeated + audit.repeated,
      requests: past.requests + audit.requests,
    }
  }

  function audit(top: Cursor | null): AuditVerdict | null {
    if (subscription === null || began === null || place === null) return null
    const { received, missing, undeclaredGaps } = subscription.audit
    return auditLane({
      began: began.place,
      place,
      received: received - began.received,
      missing: missing - began.missing,
      undeclaredGaps,
      top,
    })
  }
}

function kindOf(state: SubscriptionState): number {
  switch (state.name) {
    case 'requesting':
      return SPAN.requesting
    case 'holding':
      return SPAN.holding
    case 'open':
      return SPAN.open
    case 'reconnecting':
    case 'closed':
      return SPAN.broken
    case 'connecting':
    case 'resting':
      return SPAN.waiting
  }
}
