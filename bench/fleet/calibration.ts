/** Before the first trial: what the fleet can take, found against a server that costs next to nothing. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Technique } from '../../server/protocol/techniques.ts'
import { type Child, startChild } from '../processes/child.ts'
import type { Pinning } from '../processes/pinning.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { Flood } from '../subjects/null-server/endpoint.ts'
import type { NullServerCommands } from '../subjects/null-server.ts'
import { deliveriesTaken, type FleetCost, solveCost, type Work } from './fleet-cost.ts'
import type { LoadCommands } from './load-commands.ts'

export type FleetShape = Pick<DeliveryAxes, 'readers' | 'sentinels' | 'payloadBytes' | 'connectAtOnce'>

/** Enough for a round of writes to take longer than a turn of the event loop; more cost the same each. */
const READERS_MAX = 200
/**
 * One event a write as when events are rare, and many as when they are coalesced; few enough of them in one flood
 * that little piles up in the kernel where the fleet is the slower side.
 */
const RARE: Flood = { rounds: 10, eventsAtOnce: 1 }
const COALESCED: Flood = { rounds: 2, eventsAtOnce: 16 }
const WARM_UP_FLOODS = 4
const FLOODS = 10
const LOOK_MS = 4
/** On a machine that is busy with something else. */
const DEADLINE_MS = 20_000
/** Polls ask as soon as a timer can fire. */
const POLL_INTERVAL_MS = 1

/** One measurement for all trials whose readers are alike: technique, share of sentinels, size of the events. */
export interface FleetCosts {
  of(use: FleetUse): FleetCost | undefined
  /** For the record: deliveries per second that a load process takes, one by one. */
  readonly taken: Readonly<Record<string, number>>
  /** Of what could not be measured, why its trials carry no check; a sentence each. */
  readonly unknown: readonly string[]
}

export interface FleetUse {
  readonly technique: Technique
  readonly shape: FleetShape
}

/** One that cannot be measured is left out, and `say`s why at once: its trials then carry no check of it. */
export async function measureFleetCosts(
  uses: readonly FleetUse[],
  pinning: Pinning,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<FleetCosts> {
  const costs = new Map<string, FleetCost>()
  const unknown: string[] = []
  const alike = new Map(uses.map(use => [nameOf(use), use]))
  for (const [name, use] of alike) {
    try {
      costs.set(name, await measureFleetCost(use, pinning, signal))
    } catch (error) {
      signal.throwIfAborted()
      const sentence = `What the fleet can take of ${name} is not known, and not checked: ${(error as Error).message}.`
      unknown.push(sentence)
      say(sentence)
    }
  }
  return {
    of: use => costs.get(nameOf(use)),
    taken: Object.fromEntries([...costs].map(([name, cost]) => [name, Math.round(deliveriesTaken(cost, 1))])),
    unknown,
  }
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
  const load: Child<LoadCommands> = startChild<LoadCommands>({
    name: 'the load process',
    entry: './fleet/load.js',
    core: loadCore,
    signal,
  })
  try {
    const { payloadBytes } = shape
    const port = await nullServer.ask('null.listen', { technique, payloadBytes })
    const readers = Math.min(shape.readers, READERS_MAX)
    await load.ask('fleet.create', {
      kind: technique,
      port,
      readers,
      sentinels: Math.max(1, Math.round(readers * sentinelShare(shape))),
      pollIntervalMs: POLL_INTERVAL_MS,
      seed: 1,
      blindCursor: null,
      clock: { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() },
    })
    await load.ask('fleet.open', { count: readers, atOnce: shape.connectAtOnce })
    const works = [await work(RARE, readers), await work(COALESCED, readers)]
    const [failure] = await load.ask('fleet.failures', null)
    if (failure !== undefined)
      throw new Error(`${technique} could not be read from the null server: ${failure}`)
    return solveCost(works)
  } finally {
    await load.stop()
    await nullServer.stop()
  }

  async function work(flood: Flood, readers: number): Promise<Work> {
    for (let turn = 0; turn < WARM_UP_FLOODS; turn++) await pour(flood, readers)
    const from = await read()
    for (let turn = 0; turn < FLOODS; turn++) await pour(flood, readers)
    const to = await read()
    return {
      reads: to.reads - from.reads,
      delivered: to.delivered - from.delivered,
      cpuMs: to.cpuMs - from.cpuMs,
    }
  }

  async function pour(flood: Flood, readers: number): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    const goal = (await read()).delivered + readers * flood.rounds * flood.eventsAtOnce
    await nullServer.ask('null.flood', flood)
    while ((await read()).delivered < goal) {
      if (performance.now() > deadline) throw new Error(`the fleet read too little of ${technique} in time`)
      await delay(LOOK_MS, undefined, { signal })
    }
  }

  async function read(): Promise<Work> {
    const { cpuMs } = await load.ask('probe.read', null)
    const { reads, delivered } = await load.ask('fleet.counts', null)
    return { reads, delivered, cpuMs }
  }
}
