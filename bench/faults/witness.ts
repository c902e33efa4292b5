import {
  type SubscribeOptions,
  type Subscription,
  type SubscriptionState,
  subscribe,
} from '../../client/reader/subscribe.ts'
import { parseCursor } from '../../server/protocol/wire.ts'
import type { LedgerBook } from './ledger-book.ts'
import { nodeEnvironment } from './node-environment.ts'
import { hashOf, numberIn } from './payload.ts'
import { READER_TIMES } from './times.ts'

/** A reader under observation: whatever it is told stands in the ledger. */
export interface Witness {
  readonly name: string
  readonly reader: Subscription
  /** Times its link was lost, whoever brought it back. */
  readonly cuts: number
  /** The reasons of the gaps that it was told of. */
  readonly gaps: readonly string[]
  /** Milliseconds from publishing to the read callback, of each event; both on one machine's clock. */
  readonly latenciesMs: readonly number[]
  /** Notes where it stands, if it was told nothing yet. */
  begin(): void
  /** Goes home before the end: it need not come to the top any more. */
  leave(): void
}

export type WitnessOptions = Partial<SubscribeOptions> & Pick<SubscribeOptions, 'technique' | 'origin'>

export function openWitness(book: LedgerBook, name: string, options: WitnessOptions): Witness {
  const gaps: string[] = []
  const latenciesMs: number[] = []
  const page = book.open(name, /^[a-z0-9]{10}-\d+$/.test(options.from ?? '') ? (options.from ?? null) : null)
  let cuts = 0
  const reader = subscribe({
    environment: nodeEnvironment(),
    pollIntervalMs: 50,
    waitSeconds: 1,
    ...options,
    policy: { ...READER_TIMES, ...options.policy },
    onEvent({ event, cursor, receivedAt }) {
      latenciesMs.push(receivedAt - event.at)
      page.event(reader.audit.asks, cursor, numberIn(event.data), hashOf(event.data))
    },
    onGap(gap, cursor) {
      gaps.push(gap.reason)
      page.gap(reader.audit.asks, cursor, gap)
    },
    onState(state: SubscriptionState) {
      if (state.name === 'reconnecting') cuts += 1
      options.onState?.(state)
    },
  })
  return {
    name,
    reader,
    get cuts() {
      return cuts
    },
    gaps,
    latenciesMs,
    begin() {
      if (reader.place !== null) page.began(reader.place)
    },
    leave() {
      page.leave()
      reader.close()
    },
  }
}

/** Whether a reader is at a cursor, or beyond. */
export function isAt(cursor: string): (witness: Witness) => boolean {
  const there = parseCursor(cursor)
  return ({ reader }) => {
    const here = parseCursor(reader.place ?? '')
    return here !== null && there !== null && here.epoch === there.epoch && here.seq >= there.seq
  }
}
