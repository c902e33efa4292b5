/** What is under test in one trial: the server as a user starts it, or a floor in its place. */
import type { ClockReading, Health, LinkConditions, Stats, Traffic } from '../../server/protocol/api.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import { type Child, startChild } from '../processes/child.ts'
import { printedAddress } from '../processes/printed-address.ts'
import type { Call, Commands } from '../processes/rpc.ts'
import type { FloorCommands, FloorSettings } from './floor.ts'
import type { ProbeCommands, ProbeReading, ScheduleLag } from './probe.ts'

export interface Subject {
  /**
   * On another machine, or started by somebody else. It has no probe: what `read` cannot know is not a number, and its
   * `clock` is a `ClockEstimate`.
   */
  readonly elsewhere?: { readonly host: string; readonly roundTripMs: number }
  /** Where readers connect: the link's port where the link conditioner stands between. */
  readonly port: number
  /** Publishes this many events per second from now on; 0 stops. */
  setRate(eventsPerSecond: number): Promise<void>
  /** The number of the newest event. */
  top(): Promise<number>
  clock(): Promise<ClockReading>
  /** What the server counted for a technique; `null` for a floor, which does not count. */
  traffic(technique: Technique): Promise<Traffic | null>
  settle(): Promise<void>
  read(): Promise<ProbeReading>
  /** How late the source was since the last call; `null` without a probe, or from a source that does not measure it. */
  takeScheduleLag(): Promise<ScheduleLag | null>
  /** From now on every accepted connection is remembered, for `unsentBytes`. */
  watchSockets(): Promise<void>
  /** Bytes that the subject still holds for those connections, because the kernel has not taken them. */
  unsentBytes(): Promise<number>
  stop(): Promise<void>
}

/** A subject with a log, to publish into and to read. */
export interface ServerSubject extends Subject {
  traffic(technique: Technique): Promise<Traffic>
  burst(count: number): Promise<void>
  /** The cursor of the newest event, and of the beginning. */
  cursors(): Promise<{ readonly newest: string; readonly beginning: string }>
}

export interface SubjectOptions {
  readonly core: number | null
  readonly signal: AbortSignal
}

export interface ServerOptions extends SubjectOptions {
  readonly payloadBytes: number
  readonly seed: number
  /** `fixed` by default. */
  readonly timing?: 'fixed' | 'poisson'
  /** One way, through the link conditioner; by default readers connect to the server itself. */
  readonly distanceMs?: number | null
  readonly injectedFaults?: readonly string[]
}

export async function startServer(options: ServerOptions): Promise<ServerSubject> {
  const distanceMs = options.distanceMs ?? null
  const name = 'the server'
  const child = startChild({
    name,
    entry: '../server/main.js',
    args: [
      ...['--port', '0', '--link-port', distanceMs === null ? 'off' : '0'],
      ...['--source', 'synthetic', '--rate', '0', '--timing', options.timing ?? 'fixed'],
      ...['--payload', String(options.payloadBytes), '--seed', String(options.seed)],
    ],
    injectedFaults: options.injectedFaults ?? [],
    core: options.core,
    signal: options.signal,
  })
  const { origin, port } = new URL(await orStop(child, printedAddress(child.process, name)))

  return {
    port: distanceMs === null ? Number(port) : await orStop(child, openLink(distanceMs)),
    ...probed(child),
    setRate: async rate => void (await request('PUT', '/api/source', { rate })),
    top: async () => (await stats()).log.top,
    clock: () => request('GET', '/api/clock') as Promise<ClockReading>,
    traffic: async technique => (await stats()).techniques[technique],
    burst: async count => void (await request('POST', '/api/burst', { count })),
    async cursors() {
      const { epoch, top } = (await stats()).log
      return { newest: `${epoch}-${top}`, beginning: `${epoch}-0` }
    },
  }

  /** Returns the link's port. */
  async function openLink(delayMs: number): Promise<number> {
    const { link } = (await request('GET', '/api/health')) as Health
    if (link === null) throw new Error('the server has no link')
    await request('PUT', '/api/link', { delayMs } satisfies LinkConditions)
    return link.port
  }

  function stats(): Promise<Stats> {
    return request('GET', '/api/stats') as Promise<Stats>
  }

  async function request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(origin + path, {
      method,
      signal: options.signal,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok)
      throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}

export async function startFloor(
  options: SubjectOptions & { readonly settings: FloorSettings },
): Promise<Subject> {
  const child = startChild<FloorCommands>({
    name: 'the floor',
    entry: './subjects/floor.js',
    core: options.core,
    signal: options.signal,
  })
  return {
    port: await orStop(child, child.call('floor.listen', options.settings)),
    ...probed(child),
    setRate: rate => child.call('floor.rate', rate),
    top: () => child.call('floor.published'),
    clock: async () => ({ at: Date.now(), monotonicNs: process.hrtime.bigint().toString() }),
    traffic: async () => null,
  }
}

function probed({
  call,
  stop,
}: {
  readonly call: Call<ProbeCommands>
  stop(): Promise<void>
}): Pick<Subject, 'settle' | 'read' | 'takeScheduleLag' | 'watchSockets' | 'unsentBytes' | 'stop'> {
  return {
    settle: () => call('probe.settle'),
    read: () => call('probe.read'),
    takeScheduleLag: () => call('probe.takeScheduleLag'),
    watchSockets: () => call('probe.watchSockets'),
    unsentBytes: () => call('probe.unsent'),
    stop,
  }
}

/** Stops the child if it does not become ready: no caller has a handle on it yet. */
async function orStop<T, C extends Commands>(child: Child<C>, ready: Promise<T>): Promise<T> {
  try {
    return await ready
  } catch (error) {
    await child.stop()
    throw error
  }
}
