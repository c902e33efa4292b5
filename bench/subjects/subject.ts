/** What is under test in one trial: the server as a user starts it, or a floor in its place. */
import type { ClockReading, Health, LinkConditions, Stats, Traffic } from '../../server/protocol/api.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import { type Child, startChild } from '../processes/child.ts'
import type { Commands } from '../processes/rpc.ts'
import type { FloorCommands, FloorSettings } from './floor.ts'
import type { ProbeReading, ScheduleLag } from './probe.ts'

export interface Subject {
  /**
   * On another machine, or started by somebody else. There is no probe in it: what `read` cannot know is not a number.
   * Its `clock` is a `ClockEstimate`.
   */
  readonly elsewhere?: { readonly host: string; readonly roundTripMs: number }
  /** Where readers connect to: the link's port where they go by the link. */
  readonly port: number
  /** Publishes that many events per second from now on; 0 stops. */
  setRate(eventsPerSecond: number): Promise<void>
  /** The newest event's number. */
  top(): Promise<number>
  clock(): Promise<ClockReading>
  /** What the server counted for a technique; `null` for a floor, which does not count. */
  traffic(technique: Technique): Promise<Traffic | null>
  settle(): Promise<void>
  read(): Promise<ProbeReading>
  /** How late the source was since this was last asked; `null` where there is no probe, or no source that tells. */
  takeScheduleLag(): Promise<ScheduleLag | null>
  /** From now on every connection that is accepted is remembered, for `unsentBytes`. */
  watchSockets(): Promise<void>
  /** What the subject itself holds for those, since the kernel has not taken it yet. */
  unsentBytes(): Promise<number>
  stop(): Promise<void>
}

/** A subject with a log, to publish into and to ask. */
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
  /** Readers go by the link, so far one way; straight to the server by default. */
  readonly distanceMs?: number | null
  readonly injectedFaults?: readonly string[]
}

export async function startServer(options: ServerOptions): Promise<ServerSubject> {
  const distanceMs = options.distanceMs ?? null
  const child = startChild({
    name: 'the server',
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
  const { origin, port } = new URL(await child.line(/^https?:\/\/\S+$/).catch(ended(child)))

  return {
    port: distanceMs === null ? Number(port) : await openLink(distanceMs).catch(ended(child)),
    ...probed(child),
    setRate: async rate => void (await call('PUT', '/api/source', { rate })),
    top: async () => (await stats()).log.top,
    clock: () => call('GET', '/api/clock') as Promise<ClockReading>,
    traffic: async technique => (await stats()).techniques[technique],
    burst: async count => void (await call('POST', '/api/burst', { count })),
    async cursors() {
      const { epoch, top } = (await stats()).log
      return { newest: `${epoch}-${top}`, beginning: `${epoch}-0` }
    },
  }

  /** Returns the link's port. */
  async function openLink(delayMs: number): Promise<number> {
    const { link } = (await call('GET', '/api/health')) as Health
    if (link === null) throw new Error('the server has no link')
    await call('PUT', '/api/link', { delayMs } satisfies LinkConditions)
    return link.port
  }

  function stats(): Promise<Stats> {
    return call('GET', '/api/stats') as Promise<Stats>
  }

  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
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
    port: await child.ask('floor.listen', options.settings).catch(ended(child)),
    ...probed(child),
    setRate: async rate => void (await child.ask('floor.rate', rate)),
    top: () => child.ask('floor.published', null),
    clock: async () => ({ at: Date.now(), monotonicNs: process.hrtime.bigint().toString() }),
    traffic: async () => null,
  }
}

function probed<C extends Commands>({
  ask,
  stop,
}: Child<C>): Pick<Subject, 'settle' | 'read' | 'takeScheduleLag' | 'watchSockets' | 'unsentBytes' | 'stop'> {
  return {
    settle: async () => void (await ask('probe.settle', null as never)),
    read: () => ask('probe.read', null as never) as Promise<ProbeReading>,
    takeScheduleLag: () => ask('probe.takeScheduleLag', null as never) as Promise<ScheduleLag | null>,
    watchSockets: async () => void (await ask('probe.watchSockets', null as never)),
    unsentBytes: () => ask('probe.unsent', null as never) as Promise<number>,
    stop,
  }
}

/** Whoever started a process that cannot be used ends it. */
function ended<C extends Commands>(child: Child<C>): (error: unknown) => Promise<never> {
  return async error => {
    await child.stop()
    throw error
  }
}
