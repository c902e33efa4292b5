/**
 * The readers of one trial: raw sockets that share one read buffer, cheap enough not to be what is measured.
 * Every delivery is accounted for; up to `sentinels` of them are parsed in full and time-stamped.
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
   * So many of them, never sentinels, stop reading once they know their place, until `unstall`. They are counted
   * apart and left out of completeness; that the server closes them is no failure. None by default.
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

/** Where readers stand. */
export interface Places {
  /** The place of the reader that is furthest behind; beyond all events where there is no reader. */
  readonly lowestPlace: number
  /** The sum of the places at which they began: by event `top` they should have `readers × top − began`. */
  readonly began: number
  readonly readers: number
}

/** Deliveries and places are of those that are meant to have everything; asks, reads and bytes are everybody's. */
export interface FleetCounts extends Readonly<Deliveries>, Readonly<Exchange>, Places {}

/** Of those that stopped reading, counted apart. */
export interface StalledCounts extends Readonly<Deliveries>, Places, StalledReport {}

/** How those that were cut come back. */
export interface Return {
  /** Each begins to connect after a delay drawn from [0, `spreadMs`); 0: all in one turn. */
  readonly spreadMs: number
  /** The number of the event with which a reader has caught up. */
  readonly upTo: number
}

export interface Fleet {
  /** Opens `count` more connections, `atOnce` at a time. Returns connect start → place known, in milliseconds each. */
  open(count: number, atOnce: number): Promise<number[]>
  /** Destroys all connections at once, in mid-sentence; no failure. Returns how many there were. */
  cut(): number
  /**
   * Everyone without a connection connects again and asks with its own cursor; books go on where they were.
   * Resolves when all have caught up, with connect start → caught up in milliseconds each.
   */
  comeBack(how: Return): Promise<number[]>
  counts(): FleetCounts
  /** What became of those that stopped reading. */
  stalled(): StalledCounts
  /** They read again: what was under way first, then, if the server closed, its end. */
  unstall(): void
  clearLatencies(): void
  latencies(): LatencyRecord
  /** Polls ask that often from now on; after `pause`, in a phase drawn anew. */
  resume(pollIntervalMs: number): void
  pause(): void
  /** Sentences about connections that broke; empty in a sound trial. */
  readonly failures: readonly string[]
  close(): void
}

export function createFleet(options: FleetOptions): Fleet {
  const { kind, port, readers, blindCursor, localAddresses = [] } = options
  const random = createRandom(options.seed)
  const latencies = createLatencies(options.clock)
  const deliveries = noDeliveries()
  const stalledDeliveries = noDeliveries()
  const exchange: Exchange = { asks: 0, answers: 0, abandoned: 0, reads: 0, bytesIn: 0, bytesOut: 0 }
  const members: Member[] = []
  /** Those that are meant to have everything, and those that stop reading. */
  const counted: Member[] = []
  const stallers: Member[] = []
  const failures: string[] = []
  const sentinels = Math.min(options.sentinels, readers)
  const isSentinel = createSpread(sentinels, readers, random())
  const stalls = createSpread(options.stalled ?? 0, readers - sentinels, random())
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
    comeBack,
    counts,
    stalled: () => ({ ...stalledDeliveries, ...watch.report(), ...placesOf(stallers) }),
    unstall,
    clearLatencies: latencies.clear,
    latencies: latencies.report,
    resume,
    pause,
    failures,
    close: cut,
  }

  async function open(count: number, atOnce: number): Promise<number[]> {
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
    const staller = !sentinel && stalls()
    const member = createMember(context, {
      sentinel,
      stalls: staller,
      localAddress: localAddresses[members.length % localAddresses.length],
      deliveries: staller ? stalledDeliveries : deliveries,
    })
    members.push(member)
    const group = staller ? stallers : counted
    group.push(member)
    const placeKnownMs = await member.connect(-1)
    if (staller) watch.add(member)
    return placeKnownMs
  }

  function cut(): number {
    watch.end()
    const connected = members.filter(member => member.connected)
    for (const member of connected) member.cut()
    return connected.length
  }

  function comeBack({ spreadMs, upTo }: Return): Promise<number[]> {
    const away = members.filter(member => !member.connected)
    const back = away.map(async member => {
      if (spreadMs > 0) await delay(random() * spreadMs)
      return member.connect(upTo)
    })
    return Promise.all(back)
  }

  function counts(): FleetCounts {
    return { ...deliveries, ...exchange, ...placesOf(counted) }
  }

  function unstall(): void {
    watch.end()
    for (const member of stallers) member.unstall()
  }

  function pause(): void {
    for (const member of members) member.pause()
  }

  function resume(intervalMs: number): void {
    pollIntervalMs = intervalMs
    for (const member of members) member.resume()
  }
}

function noDeliveries(): Deliveries {
  return { delivered: 0, repeated: 0, disordered: 0, missing: 0 }
}

function placesOf(members: readonly Member[]): Places {
  // No infinity: between processes it would turn into null.
  let lowestPlace = Number.MAX_SAFE_INTEGER
  let began = 0
  for (const member of members) {
    lowestPlace = Math.min(lowestPlace, member.ledger.place)
    began += member.began
  }
  return { lowestPlace, began, readers: members.length }
}
