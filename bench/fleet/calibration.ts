/** Before the first trial: what the fleet can take, measured against a server that costs next to nothing. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Technique } from '../../server/protocol/techniques.ts'
import { startChild } from '../processes/child.ts'
import type { Pinning } from '../processes/pinning.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { Flood, NullServerCommands } from '../subjects/null-server.ts'
import { type FleetCost, type FleetWork, solveCost } from './fleet-cost.ts'
import type { LoadCommands } from './load-commands.ts'

export type FleetShape = Pick<DeliveryAxes, 'readers' | 'sentinels' | 'payloadBytes' | 'connectAtOnce'>

/** Enough for a round of writes to take longer than a turn of the event loop; each further one costs the same. */
const READERS_MAX = 200
/**
 * One event per write, as when events are rare, and many, as when they are coalesced. Both floods are short, so that
 * little piles up in the kernel where the fleet is the slower side.
 */
const RARE: Flood = { rounds: 10, eventsAtOnce: 1 }
const COALESCED: Flood = { rounds: 2, eventsAtOnce: 16 }
const WARM_UP_FLOODS = 4
const FLOODS = 10
const CHECK_MS = 4
/** Long, for a machine that is busy with something else. */
const DEADLINE_MS = 20_000
/** As soon as a timer can fire. */
const POLL_INTERVAL_MS = 1

/** One cost for all trials with the same technique, share of sentinels and size of events. */
export interface FleetCosts {
  /** `undefined` where it could not be measured: its trials carry no check of it. */
  of(use: FleetUse): FleetCost | undefined
}

export interface UnknownCost {
  /** Technique, payload and share of sentinels. */
  readonly readers: string
  readonly error: string
}

export interface FleetUse {
  readonly technique: Technique
  readonly shape: FleetShape
}

/** `onUnknown` is called at once for a cost that cannot be measured. */
export async function measureFleetCosts(
  uses: readonly FleetUse[],
  pinning: Pinning,
  signal: AbortSignal,
  onUnknown: (cost: UnknownCost) => void,
): Promise<FleetCosts> {
  const costs = new Map<string, FleetCost>()
  const distinct = new Map(uses.map(use => [nameOf(use), use]))
  for (const [readers, use] of distinct) {
    try {
      costs.set(readers, await measureFleetCost(use, pinning, signal))
    } catch (error) {
      signal.throwIfAborted()
      onUnknown({ readers, error: (error as Error).message })
    }
  }
  return { of: use => costs.get(nameOf(use)) }
}

function nameOf({ technique, shape }: FleetUse): string {
  return `${technique}, ${shape.payloadBytes} B, ${Math.round(100 * sentinelShare(shape))} % sentinels`
}

function sentinelShare({ readers, sentinels }: FleetShape): number {
  return Math.min(1, sentinels / readers)
}

async function measureFleetCost(
  { technique, shape }: FleetUse,
  { serverCore, loadCore }: Pinning,
  signal: AbortSignal,
): Promise<FleetCost> {
  const nullServer = startChild<NullServerCommands>({
    name: 'the null server',
    entry: './subjects/null-server.js',
    core: serverCore,
    signal,
  })
  const load = startChild<LoadCommands>({
    name: 'the load process',
    entry: './fleet/load.js',
    core: loadCore,
    signal,
  })
  try {
    const { payloadBytes } = shape
    const port = await nullServer.call('null.listen', { technique, payloadBytes })
    const readers = Math.min(shape.readers, READERS_MAX)
    await load.call('fleet.create', {
      kind: technique,
      port,
      readers,
      sentinels: Math.max(1, Math.round(readers * sentinelShare(shape))),
      pollIntervalMs: POLL_INTERVAL_MS,
      seed: 1,
      blindCursor: null,
      clock: { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() },
    })
    await load.call('fleet.open', { count: readers, atOnce: shape.connectAtOnce })
    const works = [await measureWork(RARE, readers), await measureWork(COALESCED, readers)]
    const [failure] = await load.call('fleet.failures')
    if (failure !== undefined) throw new Error(`the fleet could not read the null server: ${failure}`)
    return solveCost(works)
  } finally {
    await load.stop()
    await nullServer.stop()
  }

  async function measureWork(flood: Flood, readers: number): Promise<FleetWork> {
    for (let turn = 0; turn < WARM_UP_FLOODS; turn++) await readFlood(flood, readers)
    const from = await readWork()
    for (let turn = 0; turn < FLOODS; turn++) await readFlood(flood, readers)
    const to = await readWork()
    return {
      reads: to.reads - from.reads,
      delivered: to.delivered - from.delivered,
      cpuMs: to.cpuMs - from.cpuMs,
    }
  }

  async function readFlood(flood: Flood, readers: number): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    const goal = (await readWork()).delivered + readers * flood.rounds * flood.eventsAtOnce
    await nullServer.call('null.flood', flood)
    while ((await readWork()).delivered < goal) {
      if (performance.now() > deadline) throw new Error('the fleet did not read a flood in time')
      await delay(CHECK_MS, undefined, { signal })
    }
  }

  async function readWork(): Promise<FleetWork> {
    const { cpuMs } = await load.call('probe.read')
    const { reads, delivered } = await load.call('fleet.counts')
    return { reads, delivered, cpuMs }
  }
}
