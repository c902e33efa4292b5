/** As many load processes as the readers need, called as if they were one. */
import type { Child } from '../processes/child.ts'
import { readOpenFilesLimit } from '../processes/machine.ts'
import type { Answer, Call, Given } from '../processes/rpc.ts'
import type { ProbeCommands, ProbeReading } from '../subjects/probe.ts'
import type { FleetOptions } from './fleet.ts'
import { mergeLatencies } from './latencies.ts'
import type { LoadCommands } from './load-commands.ts'
import { mergeCounts, mergeStalled } from './merge-counts.ts'
import { chooseSourceAddresses, readEphemeralPorts } from './source-addresses.ts'

export interface LoadGroup {
  /** `probe.read` adds up all processes; its event loop is as busy as their core or, on several, as the busiest of them. */
  readonly call: Call<GroupCommands>
  /** How many there are: one until a fleet is created that needs more. */
  readonly processes: number
  stop(): Promise<void>
}

type GroupCommands = LoadCommands & Pick<ProbeCommands, 'probe.read'>

type LoadProcess = Pick<Child<LoadCommands>, 'call' | 'stop'>

export interface LoadGroupOptions {
  /** Starts one load process; the first is started at once. */
  start(): LoadProcess
  /** They all run on the same core. */
  readonly shareCore: boolean
  readonly readersPerProcess?: number
}

const READERS_PER_PROCESS = 5_000
/** Besides its connections a process has pipes, modules and the event loop's own; the server, callers of its API. */
const DESCRIPTORS_RESERVED = 100

export function createLoadGroup({
  start,
  shareCore,
  readersPerProcess = READERS_PER_PROCESS,
}: LoadGroupOptions): LoadGroup {
  const first = start()
  const children = [first]
  const readLoop = createLoopMeter(shareCore)
  let opened = 0

  const commands: {
    readonly [N in keyof GroupCommands]: (
      ...given: Given<GroupCommands, N>
    ) => Promise<Answer<GroupCommands, N>>
  } = {
    'fleet.create': create,
    'fleet.open': open,
    'fleet.cut': async () => sum(await callAll('fleet.cut')),
    'fleet.reconnect': async how => (await callAll('fleet.reconnect', how)).flat(),
    'fleet.counts': async () => mergeCounts(await callAll('fleet.counts')),
    'fleet.stalled': async () => mergeStalled(await callAll('fleet.stalled')),
    'fleet.unstall': async () => void (await callAll('fleet.unstall')),
    'fleet.clearLatencies': async () => void (await callAll('fleet.clearLatencies')),
    'fleet.latencies': async () => mergeLatencies(await callAll('fleet.latencies')),
    'fleet.pause': async () => void (await callAll('fleet.pause')),
    'fleet.resume': async how => void (await callAll('fleet.resume', how)),
    'fleet.failures': async () => (await callAll('fleet.failures')).flat(),
    // autocannon opens its own connections: one process is enough.
    'cannon.fire': settings => first.call('cannon.fire', settings),
    'probe.read': async () => mergeReadings(await callAll('probe.read')),
  }

  return {
    call: (command, ...given) => commands[command](...given),
    get processes() {
      return children.length
    },
    async stop() {
      await Promise.all(children.map(child => child.stop()))
    },
  }

  async function create(options: FleetOptions): Promise<void> {
    assertDescriptors(options.readers, readOpenFilesLimit())
    // The further addresses belong to loopback, and from there no other machine can be reached.
    const localAddresses =
      options.host === undefined ? chooseSourceAddresses(options.readers, readEphemeralPorts()) : []
    const processes = Math.max(1, Math.ceil(options.readers / readersPerProcess))
    while (children.length < processes) children.push(start())
    await Promise.all(
      children.map((child, index) =>
        child.call('fleet.create', shareOf({ ...options, localAddresses }, index, children.length)),
      ),
    )
  }

  /** Dealt out in turn, so that each process gets its share of any part. */
  async function open({ count, atOnce }: { count: number; atOnce: number }): Promise<number[]> {
    const before = opened
    opened += count
    const placeKnownMs: number[] = []
    const openShare = async (child: LoadProcess, index: number, atOnce: number) => {
      const count = share(opened, index, children.length) - share(before, index, children.length)
      if (count > 0) placeKnownMs.push(...(await child.call('fleet.open', { count, atOnce })))
    }
    const each = Math.floor(atOnce / children.length)
    if (each > 0) await Promise.all(children.map((child, index) => openShare(child, index, each)))
    else for (const [index, child] of children.entries()) await openShare(child, index, atOnce)
    return placeKnownMs
  }

  function mergeReadings(readings: readonly ProbeReading[]): ProbeReading {
    const total = (name: keyof ProbeReading) => sum(readings.map(reading => reading[name]))
    return {
      monotonicMs: readings[0]?.monotonicMs ?? 0,
      cpuMs: total('cpuMs'),
      ...readLoop(readings),
      gcCount: total('gcCount'),
      gcMs: total('gcMs'),
      rssBytes: total('rssBytes'),
      heapUsedBytes: total('heapUsedBytes'),
      externalBytes: total('externalBytes'),
      sleeps: total('sleeps'),
    }
  }

  function callAll<N extends keyof GroupCommands>(
    command: N,
    ...given: Given<GroupCommands, N>
  ): Promise<Answer<GroupCommands, N>[]> {
    return Promise.all(children.map(child => child.call(command, ...given)))
  }
}

type Loop = Pick<ProbeReading, 'loopActiveMs' | 'loopIdleMs'>

/**
 * Reads the event loops of several processes as if they were one. On cores of their own: between two readings it is as
 * busy as the busiest. On one core it is at least as busy as their CPU times together, since each may be half idle while
 * the core is full. Their active times cannot be added, because a process that waits for the core counts as active.
 */
function createLoopMeter(shareCore: boolean): (readings: readonly ProbeReading[]) => Loop {
  let last: readonly ProbeReading[] = []
  let total: Loop = { loopActiveMs: 0, loopIdleMs: 0 }

  return readings => {
    const since = (index: number, name: 'loopActiveMs' | 'loopIdleMs' | 'cpuMs') =>
      (readings[index]?.[name] ?? 0) - (last[index]?.[name] ?? 0)
    const loops = readings.map((_, index) => ({
      activeMs: since(index, 'loopActiveMs'),
      wallMs: since(index, 'loopActiveMs') + since(index, 'loopIdleMs'),
    }))
    const busiest = loops.reduce((a, b) => (busyShare(b) > busyShare(a) ? b : a))
    const cpuMs = shareCore && loops.length > 1 ? sum(loops.map((_, index) => since(index, 'cpuMs'))) : 0
    const activeMs = Math.min(busiest.wallMs, Math.max(busiest.activeMs, cpuMs))
    last = readings
    total = {
      loopActiveMs: total.loopActiveMs + activeMs,
      loopIdleMs: total.loopIdleMs + busiest.wallMs - activeMs,
    }
    return total
  }
}

function busyShare({ activeMs, wallMs }: { readonly activeMs: number; readonly wallMs: number }): number {
  return wallMs === 0 ? 0 : activeMs / wallMs
}

/** The part of one fleet that process `index` of `processes` hosts. */
export function shareOf(options: FleetOptions, index: number, processes: number): FleetOptions {
  const { readers, stalled = 0, seed } = options
  const sentinels = Math.min(options.sentinels, readers)
  /** Readers other than sentinels in the processes before `end`. */
  const others = (end: number) =>
    sum(
      Array.from({ length: end }, (_, at) => share(readers, at, processes) - share(sentinels, at, processes)),
    )
  const stalledBefore = (end: number) =>
    stalled === 0 ? 0 : Math.floor((others(end) * stalled) / (readers - sentinels))
  return {
    ...options,
    readers: share(readers, index, processes),
    sentinels: share(sentinels, index, processes),
    stalled: stalledBefore(index + 1) - stalledBefore(index),
    seed: (seed + index) % 2 ** 32,
  }
}

/** How many of `count`, dealt out in turn, process `index` gets. */
function share(count: number, index: number, processes: number): number {
  return Math.floor((count + processes - 1 - index) / processes)
}

/** The server has one end of every connection, so one process needs as many descriptors as there are readers. */
export function assertDescriptors(readers: number, limit: number | null): void {
  const needed = readers + DESCRIPTORS_RESERVED
  if (limit === null || needed <= limit) return
  throw new Error(
    `${readers} readers need ${needed} open files in one process, and ${limit} are allowed: raise the limit (ulimit -n ${needed}) or use fewer readers`,
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
