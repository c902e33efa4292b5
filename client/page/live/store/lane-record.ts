import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { Cursor, Gap } from '../../../../server/protocol/wire.ts'
import type { Delivery, LossReason, Subscription, SubscriptionState } from '../../../reader/subscribe.ts'
import { text } from '../../shared/text/en.ts'
import { CELL_MS, WINDOW_MS } from '../lanes/lane-geometry.ts'
import {
  type ArrivalRing,
  createArrivalRing,
  createSpanRing,
  type GapMark,
  type KnownEvents,
  SPAN,
  type SpanRing,
} from './known-events.ts'
import { type AuditVerdict, auditLane } from './lane-audit.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { createTimeBins, type TimeBins } from './time-bins.ts'

/** The chart's bins: 250 ms, for a minute and a little more. */
export const CHART_BIN_MS = 250
export const CHART_BINS = 240
const GAPS_KEPT = 16

/** Everything the page remembers of one lane: what it drew, what it measured, and its books. */
export interface LaneRecord {
  readonly technique: Technique
  readonly arrivals: ArrivalRing
  readonly spans: SpanRing
  readonly gaps: readonly GapMark[]
  readonly samples: Recorder
  readonly latencyBins: TimeBins
  readonly emittedCells: TimeBins
  readonly arrivedCells: TimeBins
  readonly state: SubscriptionState | null
  /** The technique that carries the lane, and why the one before it was left; `null` while it is the lane's own. */
  readonly moved: { readonly to: Technique; readonly why: LossReason } | null
  /** The newest event that reached the application, or the gap that stands for it. */
  readonly place: Cursor | null
  /** Events whose `at` lies so far in the future that no clock error explains it; they have no latency. */
  readonly invalid: number
  /** Keep the books of this subscription; `from` is the place it goes on from, `null` for a new beginning. */
  follow(subscription: Subscription, from: Cursor | null): void
  /** The lane no longer runs in this tab; what it measured stays. */
  rest(): void
  delivered(delivery: Delivery, clockUncertaintyMs: number): void
  lost(gap: Gap, cursor: Cursor, nowMs: number): void
  changed(state: SubscriptionState, nowMs: number): void
  counts(): LaneCounts
  audit(top: Cursor | null): AuditVerdict | null
}

export interface LaneCounts {
  readonly received: number
  readonly missing: number
  readonly repeated: number
  readonly asks: number
}

/** Beyond this much "before it was published", a latency is a fault of a clock and not a small number. */
const INVALID_BELOW_MS = -5

export function createLaneRecord(technique: Technique, known: KnownEvents): LaneRecord {
  const arrivals = createArrivalRing()
  const spans = createSpanRing()
  const gaps: GapMark[] = []
  const samples = createRecorder()
  const latencyBins = createTimeBins(CHART_BIN_MS, CHART_BINS + 8)
  const emittedCells = createTimeBins(CELL_MS, WINDOW_MS / CELL_MS + 8)
  const arrivedCells = createTimeBins(CELL_MS, WINDOW_MS / CELL_MS + 8)
  let subscription: Subscription | null = null
  let state: SubscriptionState | null = null
  let place: Cursor | null = null
  let received = 0
  let missing = 0
  let invalid = 0
  let moved: LaneRecord['moved'] = null
  /** What the subscriptions before the present one had counted. */
  let past = { repeated: 0, asks: 0 }
  /** Where the books begin, and what had been counted by then. A new epoch begins them anew. */
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
    get invalid() {
      return invalid
    },
    follow,
    rest,
    delivered,
    lost,
    changed,
    counts,
    audit,
  }

  function follow(next: Subscription, from: Cursor | null): void {
    retire()
    subscription = next
    place = from
    began = null
  }

  function rest(): void {
    retire()
    state = null
  }

  /** A lane that is started again goes on counting. */
  function retire(): void {
    const { repeated, asks } = counts()
    past = { repeated, asks }
    subscription = null
    moved = null
  }

  function delivered(delivery: Delivery, clockUncertaintyMs: number): void {
    const { event, cursor, receivedAt } = delivery
    const { epoch } = cursor
    began ??= { place: { epoch, seq: event.seq - 1 }, received, missing }
    place = cursor
    received++
    known.note(epoch, event.seq, event.at)
    arrivals.push({ seq: event.seq, at: event.at, receivedAt })
    emittedCells.add(event.at, 1)
    arrivedCells.add(receivedAt, 1)
    const latencyMs = receivedAt - event.at
    if (latencyMs < INVALID_BELOW_MS - clockUncertaintyMs) {
      invalid++
      return
    }
    samples.record(receivedAt, event.at)
    latencyBins.add(receivedAt, latencyMs)
  }

  function lost(gap: Gap, cursor: Cursor, nowMs: number): void {
    missing += gap.lost ?? 0
    place = cursor
    if (gap.reason !== 'trimmed') began = { place: cursor, received, missing }
    gaps.push({ at: nowMs, label: text.gapMark(gap) })
    if (gaps.length > GAPS_KEPT) gaps.shift()
  }

  function changed(next: SubscriptionState, nowMs: number): void {
    state = next
    noteTechnique(next)
    learnPlace()
    spans.set(0, 'end', nowMs)
    spans.push({ start: nowMs, end: Number.NaN, kind: kindOf(next) })
  }

  function noteTechnique(next: SubscriptionState): void {
    if (subscription === null) return
    const to = subscription.technique
    if (to === technique) moved = null
    else if (to !== moved?.to) moved = { to, why: ('why' in next && next.why) || 'unreachable' }
  }

  /** The hello, or the first batch of a poll, tells the place before any event: the books begin there. */
  function learnPlace(): void {
    if (began !== null || subscription === null || subscription.place === null) return
    place = subscription.place
    began = { place, received, missing }
  }

  function counts(): LaneCounts {
    learnPlace()
    const audit = subscription?.audit
    return {
      received,
      missing,
      repeated: past.repeated + (audit?.repeated ?? 0),
      asks: past.asks + (audit?.requests ?? 0),
    }
  }

  function audit(top: Cursor | null): AuditVerdict | null {
    if (subscription === null || began === null || place === null) return null
    return auditLane({
      began: began.place,
      place,
      received: received - began.received,
      missing: missing - began.missing,
      undeclaredGaps: subscription.audit.undeclaredGaps,
      top,
    })
  }
}

function kindOf(state: SubscriptionState): number {
  switch (state.name) {
    case 'requesting':
      return SPAN.asking
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
