/**
 * The readers of one trial, or one process's share of them: raw sockets with one read buffer, cheap enough not to be
 * what is measured. Every delivery is counted; up to `sentinels` readers parse each event in full and time it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ClockReading } from '../../server/protocol/api.ts'
import { createRandom } from '../processes/random.ts'
import { createLatencies, type LatencyRecord } from './latencies.ts'
import type { Deliveries } from './ledger.ts'
import { createMember, type Exchange, type FleetContext, type Member, type ReaderKind } from './member.ts'
import { createSpread } from './spread.ts'
import { createStalledWatch, type StalledReport } from './stalled-watch.ts'

const READ_BUFFER_BYTES = 64 * 1024

export interface FleetOptions {
  readonly kind: ReaderKind
  /** This machine by default. */
  readonly host?: string
  readonly port: number
  readonly sentinels: number
  /** How many readers there will be, so that the sentinels can be spread evenly over the order of connecting. */
  readonly readers: number
  /**
   * This many of them, none a sentinel, stop reading once they know their place, until `unstall`. They are counted
   * apart and left out of completeness; that the server closes them is not a failure. None by default.
   */
  readonly stalled?: number
  /** Where connections come from, in turn; by default the kernel chooses. */
  readonly localAddresses?: readonly string[]
  readonly pollIntervalMs: number
  readonly seed: number
  /** Set against a floor, which keeps no log (see `ReaderContext`). */
  readonly blindCursor: string | null
  readonly clock: ClockReading
}

/** Where readers stand in the log. */
export interface Places {
  /** The place of the reader that is furthest behind; beyond all events where there is no reader. */
  readonly lowestPlace: number
  /** The sum of the places at which they began: by event `top` they should have `readers × top − began`. */
  readonly began: number
  readonly readers: number
}

/** Deliveries and places of the readers that do not stall; requests, reads and bytes of all. */
export interface FleetCounts extends Readonly<Deliveries>, Readonly<Exchange>, Places {}

/** Deliveries and places of the readers that stall. */
export interface StalledCounts extends Readonly<Deliveries>, Places, StalledReport {}

/** How readers that were cut come back. */
export interface Reconnection {
  /** Each begins to connect after a delay drawn from [0, `spreadMs`); 0: all in one turn. */
  readonly spreadMs: number
  /** The number of the event with which a reader has caught up. */
  readonly upTo: number
}

/** A type and no interface: each method is also a command of the load process. */
export type Fleet = {
  /** Opens `count` more connections, `atOnce` at a time. Returns the milliseconds from connecting to place known. */
  open(how: { readonly count: number; readonly atOnce: number }): Promise<number[]>
  /** Destroys all connections at once, in the middle of whatever they carry; not a failure. Returns their number. */
  cut(): number
  /**
   * Every reader without a connection connects again with its own cursor; its ledger goes on. Resolves once all have
   * caught up, with the milliseconds from connecting to caught up.
   */
  reconnect(how: Reconnection): Promise<number[]>
  counts(): FleetCounts
  stalled(): StalledCounts
  /** Stalled readers read again: first what was under way, then, if the server closed the connection, its end. */
  unstall(): void
  /** Forgets all latencies: a window begins. */
  clearLatencies(): void
  latencies(): LatencyRecord
  /** No further requests at intervals, until `resume`. */
  pause(): void
  /** Sends requests at this interval from now on; after `pause`, in a phase drawn anew. */
  resume(how: { readonly pollIntervalMs: number }): void
  /** Why connections broke; empty in a sound trial. */
  failures(): readonly string[]
}

export function createFleet(options: FleetOptions): Fleet {
  const { kind, port, readers, blindCursor, localAddresses = [] } = options
  const random = createRandom(options.seed)
  const latencies = createLatencies(options.clock)
  const deliveries = noDeliveries()
  const stalledDeliveries = noDeliveries()
  const exchange: Exchange = { requests: 0, answers: 0, abandoned: 0, reads: 0, bytesIn: 0, bytesOut: 0 }
  const members: Member[] = []
  const complete: Member[] = []
  const stalling: Member[] = []
  const failures: string[] = []
  const sentinels = Math.min(options.sentinels, readers)
  const isSentinel = createSpread(sentinels, readers, random())
  const isStalling = createSpread(options.stalled ?? 0, readers - sentinels, random())
  const watch = createStalledWatch(port)
  let { pollIntervalMs } = options
  const context: FleetContext = {
    kind,
    host: options.host,
    port,
    buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
    exchange,
    latencies,
    pollIntervalMs: () => pollIntervalMs,
    random,
    blindCursor,
    onFailure: error => failures.push(error.message),
  }

  return {
    open,
    cut,
    reconnect,
    counts: () => ({ ...deliveries, ...exchange, ...placesOf(complete) }),
    stalled: () => ({ ...stalledDeliveries, ...watch.report(), ...placesOf(stalling) }),
    unstall,
    clearLatencies: latencies.clear,
    latencies: latencies.report,
    pause,
    resume,
    failures: () => failures,
  }

  async function open({ count, atOnce }: { count: number; atOnce: number }): Promise<number[]> {
    const placeKnownMs: number[] = []
    let left = count
    const openInTurn = async () => {
      while (left-- > 0) placeKnownMs.push(await openOne())
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openInTurn))
    return placeKnownMs
  }

  async function openOne(): Promise<number> {
    const sentinel = isSentinel()
    const stalls = !sentinel && isStalling()
    const member = createMember(context, {
      sentinel,
      stalls,
      localAddress: localAddresses[members.length % localAddresses.length],
      deliveries: stalls ? stalledDeliveries : deliveries,
    })
    members.push(member)
    const group = stalls ? stalling : complete
    group.push(member)
    const placeKnownMs = await member.connect(-1)
    if (stalls) watch.add(member)
    return placeKnownMs
  }

  function cut(): number {
    watch.end()
    const connected = members.filter(member => member.connected)
    for (const member of connected) member.cut()
    return connected.length
  }

  function reconnect({ spreadMs, upTo }: Reconnection): Promise<number[]> {
    const away = members.filter(member => !member.connected)
    const back = away.map(async member => {
      if (spreadMs > 0) await delay(random() * spreadMs)
      return member.connect(upTo)
    })
    return Promise.all(back)
  }

  function unstall(): void {
    watch.end()
    for (const member of stalling) member.unstall()
  }

  function pause(): void {
    for (const member of members) member.pause()
  }

  function resume(how: { readonly pollIntervalMs: number }): void {
    pollIntervalMs = how.pollIntervalMs
    for (const member of members) member.resume()
  }
}

function noDeliveries(): Deliveries {
  return { delivered: 0, repeated: 0, disordered: 0, missing: 0 }
}

function placesOf(members: readonly Member[]): Places {
  // Not infinity, which JSON turns into null between processes.
  let lowestPlace = Number.MAX_SAFE_INTEGER
  let began = 0
  for (const member of members) {
    lowestPlace = Math.min(lowestPlace, member.ledger.place)
    began += member.began
  }
  return { lowestPlace, began, readers: members.length }
}
