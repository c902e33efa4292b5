/**
 * As many load processes as the readers ask for, spoken to as if they were one. With one process nothing is split
 * and nothing merged.
 */
import type { Child } from '../processes/child.ts'
import { readOpenFilesLimit } from '../processes/machine.ts'
import type { Answer, Ask, Given } from '../processes/rpc.ts'
import type { ProbeCommands, ProbeReading } from '../subjects/probe.ts'
import { mergeCounts, mergeStalled } from './counts.ts'
import type { FleetOptions } from './fleet.ts'
import { mergeLatencies } from './latencies.ts'
import type { LoadCommands } from './load-commands.ts'
import { chooseSourceAddresses, readEphemeralPorts } from './source-addresses.ts'

export interface LoadGroup {
  /**
   * `probe.read` sums up CPU and memory of all processes; its event loop is that of whichever process was busiest
   * since the reading before, so that a utilization is the highest.
   */
  readonly ask: Ask<GroupCommands>
  /** How many there are: one until a fleet is created that asks for more. */
  readonly processes: number
  stop(): Promise<void>
}

type GroupCommands = LoadCommands & Pick<ProbeCommands, 'probe.settle' | 'probe.read'>

const READERS_PER_PROCESS = 5_000
/** Beside its connections a process holds pipes, modules and the event loop's own; the server, callers of its API. */
const DESCRIPTORS_RESERVED = 100

/** `start` starts one load process; the first is started at once. */
export function createLoadGroup(
  start: () => Child<LoadCommands>,
  readersPerProcess = READERS_PER_PROCESS,
): LoadGroup {
  const children = [start()]
  let opened = 0
  let loop = { activeMs: 0, idleMs: 0 }
  let lastReadings: readonly ProbeReading[] = []

  const commands: {
    readonly [N in keyof GroupCommands]: (given: Given<GroupCommands, N>) => Promise<Answer<GroupCommands, N>>
  } = {
    'fleet.create': create,
    'fleet.open': open,
    'fleet.cut': async () => sum(await all('fleet.cut', null)),
    'fleet.return': async how => (await all('fleet.return', how)).flat(),
    'fleet.stalled': async () => mergeStalled(await all('fleet.stalled', null)),
    'fleet.unstall': () => toldAll('fleet.unstall', null),
    'fleet.pause': () => toldAll('fleet.pause', null),
    'fleet.resume': given => toldAll('fleet.resume', given),
    'fleet.clearLatencies': () => toldAll('fleet.clearLatencies', null),
    'fleet.counts': async () => mergeCounts(await all('fleet.counts', null)),
    'fleet.latencies': async () => mergeLatencies(await all('fleet.latencies', null)),
    'fleet.failures': async () => (await all('fleet.failures', null)).flat(),
    // Its load is not the fleet's: it brings its own connections.
    'cannon.fire': settings => first().ask('cannon.fire', settings),
    'probe.settle': () => toldAll('probe.settle', null),
    'probe.read': async () => mergeReadings(await all('probe.read', null)),
  }

  return {
    ask: (command, given) => commands[command](given),
    get processes() {
      return children.length
    },
    async stop() {
      await Promise.all(children.map(child => child.stop()))
    },
  }

  async function create(options: FleetOptions): Promise<null> {
    assertDescriptors(options.readers, readOpenFilesLimit())
    // Further addresses are loopback's, and from there nobody reaches another machine.
    const localAddresses =
      options.host === undefined ? chooseSourceAddresses(options.readers, readEphemeralPorts()) : []
    const processes = Math.max(1, Math.ceil(options.readers / readersPerProcess))
    while (children.length < processes) children.push(start())
    opened = 0
    await Promise.all(
      children.map((child, index) =>
        child.ask('fleet.create', shareOf({ ...options, localAddresses }, index, children.length)),
      ),
    )
    return null
  }

  /** Dealt out in turn, so that each process gets its share of any part. */
  async function open({ count, atOnce }: { count: number; atOnce: number }): Promise<number[]> {
    const before = opened
    opened += count
    const shares = children.map((child, index) => ({
      child,
      count: share(opened, index, children.length) - share(before, index, children.length),
    }))
    const placeKnownMs: number[] = []
    const openShare = async ({ child, count }: (typeof shares)[number], atOnce: number) => {
      if (count > 0) placeKnownMs.push(...(await child.ask('fleet.open', { count, atOnce })))
    }
    const each = Math.floor(atOnce / children.length)
    if (each > 0) await Promise.all(shares.map(share => openShare(share, each)))
    else for (const share of shares) await openShare(share, atOnce)
    return placeKnownMs
  }

  function mergeReadings(readings: readonly ProbeReading[]): ProbeReading {
    const loops = readings.map((reading, index) => ({
      activeMs: reading.loopActiveMs - (lastReadings[index]?.loopActiveMs ?? 0),
      idleMs: reading.loopIdleMs - (lastReadings[index]?.loopIdleMs ?? 0),
    }))
    const busiest = loops.reduce((a, b) => (busyShare(b) > busyShare(a) ? b : a))
    lastReadings = readings
    loop = { activeMs: loop.activeMs + busiest.activeMs, idleMs: loop.idleMs + busiest.idleMs }
    const total = (of: (reading: ProbeReading) => number) => sum(readings.map(of))
    return {
      monotonicMs: readings[0]?.monotonicMs ?? 0,
      cpuMs: total(({ cpuMs }) => cpuMs),
      loopActiveMs: loop.activeMs,
      loopIdleMs: loop.idleMs,
      gcCount: total(({ gcCount }) => gcCount),
      gcMs: total(({ gcMs }) => gcMs),
      rssBytes: total(({ rssBytes }) => rssBytes),
      heapUsedBytes: total(({ heapUsedBytes }) => heapUsedBytes),
      externalBytes: total(({ externalBytes }) => externalBytes),
      sleeps: total(({ sleeps }) => sleeps),
    }
  }

  function all<N extends keyof GroupCommands>(
    command: N,
    given: Given<GroupCommands, N>,
  ): Promise<Answer<GroupCommands, N>[]> {
    return Promise.all(children.map(child => child.ask(command, given)))
  }

  async function toldAll<N extends keyof GroupCommands>(
    command: N,
    given: Given<GroupCommands, N>,
  ): Promise<null> {
    await all(command, given)
    return null
  }

  function first(): Child<LoadCommands> {
    const [child] = children
    if (child === undefined) throw new Error('there is no load process')
    return child
  }
}

/** The part of one fleet that process `index` of `processes` hosts. */
export function shareOf(options: FleetOptions, index: number, processes: number): FleetOptions {
  const { readers, stalled = 0, seed } = options
  const sentinels = Math.min(options.sentinels, readers)
  /** Readers that are no sentinels, in the processes before `end`. */
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

/** Of `count` dealt out in turn, how many are for `index`. */
function share(count: number, index: number, processes: number): number {
  return Math.floor((count + processes - 1 - index) / processes)
}

/** The server holds one end of every connection, so that one process needs as many descriptors as there are readers. */
export function assertDescriptors(readers: number, limit: number | null): void {
  const needed = readers + DESCRIPTORS_RESERVED
  if (limit === null || needed <= limit) return
  throw new Error(
    `${readers} readers need ${needed} open files in one process, and ${limit} are allowed: raise it (ulimit -n ${needed}) or ask for fewer readers`,
  )
}

function busyShare({ activeMs, idleMs }: { readonly activeMs: number; readonly idleMs: number }): number {
  return activeMs + idleMs === 0 ? 0 : activeMs / (activeMs + idleMs)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
