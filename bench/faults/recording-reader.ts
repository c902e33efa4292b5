import {
  type Audit,
  type SubscribeOptions,
  type SubscriptionState,
  subscribe,
} from '../../client/reader/subscribe.ts'
import { formatCursor, parseCursor } from '../../server/protocol/wire.ts'
import { READER_TIMES } from './contract-times.ts'
import type { LedgerWriter } from './ledger.ts'
import { nodeEnvironment } from './node-environment.ts'
import { hashOf, numberIn } from './publisher.ts'

/** A reader that records in the ledger everything it receives. */
export interface RecordingReader {
  readonly name: string
  readonly state: SubscriptionState
  readonly audit: Audit
  /** Its cursor, as text; `null` until it has learned one. */
  readonly cursor: string | null
  /** Requests it has made: one for each connection of a stream, one for each poll. */
  readonly requests: number
  /** How often it lost its connection, whether it or the platform opened the next one. */
  readonly cuts: number
  /** The reasons of the gaps it was told of. */
  readonly gapReasons: readonly string[]
  /** Milliseconds from the publishing of each event to its callback, both on this machine's clock. */
  readonly latenciesMs: number[]
  /** Records where it starts, if it has received nothing yet. */
  recordStart(): void
  /** Closes it early: it does not have to reach the top any more. */
  leave(): void
  close(): void
}

export type RecordingReaderOptions = Partial<SubscribeOptions> &
  Pick<SubscribeOptions, 'technique' | 'origin'>

export function openRecordingReader(
  ledger: LedgerWriter,
  name: string,
  options: RecordingReaderOptions,
): RecordingReader {
  const { from = 'now' } = options
  const start = typeof from === 'string' ? parseCursor(from) : from
  const account = ledger.openAccount(name, start && formatCursor(start))
  const gapReasons: string[] = []
  const latenciesMs: number[] = []
  let cuts = 0
  const subscription = subscribe({
    environment: nodeEnvironment(),
    pollIntervalMs: 50,
    waitSeconds: 1,
    ...options,
    policy: { ...READER_TIMES, ...options.policy },
    onEvent({ event, cursor, receivedAt }) {
      latenciesMs.push(receivedAt - event.at)
      account.event(requests(), formatCursor(cursor), numberIn(event.data), hashOf(event.data))
    },
    onGap(gap, cursor) {
      gapReasons.push(gap.reason)
      account.gap(requests(), formatCursor(cursor), gap)
    },
    onState(state) {
      if (state.name === 'reconnecting') cuts += 1
      options.onState?.(state)
    },
  })

  return {
    name,
    get state() {
      return subscription.state
    },
    get audit() {
      return subscription.audit
    },
    get cursor() {
      return cursor()
    },
    get requests() {
      return requests()
    },
    get cuts() {
      return cuts
    },
    gapReasons,
    latenciesMs,
    recordStart() {
      const start = cursor()
      if (start !== null) account.started(start)
    },
    leave() {
      account.left()
      subscription.close()
    },
    close: () => subscription.close(),
  }

  function cursor(): string | null {
    return subscription.place && formatCursor(subscription.place)
  }

  function requests(): number {
    return subscription.audit.requests
  }
}

/** Whether a reader is at a cursor, or beyond it in the same epoch. */
export function hasReached(cursor: string): (reader: RecordingReader) => boolean {
  const target = parseCursor(cursor)
  return reader => {
    const current = parseCursor(reader.cursor ?? '')
    return current !== null && target !== null && current.epoch === target.epoch && current.seq >= target.seq
  }
}
