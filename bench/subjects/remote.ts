/** A server that somebody else has started, perhaps on another machine: it is measured over the wire only. */
import type { ClockReading, Health, RefusalBody, SourceSettings, Stats } from '../../server/protocol/api.ts'
import { type ClockEstimate, clockDriftMs, measureClockOffset } from '../measure/clock-offset.ts'
import type { ProbeReading } from './probe.ts'
import type { Subject } from './subject.ts'

/** The server that the user named cannot be measured; the message tells the user what to do. */
export class RemoteError extends Error {}

export interface Remote {
  readonly origin: string
  /** Its clock, as estimated when the bench attached to it. */
  readonly clock: ClockEstimate
  /** Sets the source as a trial needs it, at a rate of 0. */
  subject(source: Pick<SourceSettings, 'payloadBytes' | 'timing'>, signal: AbortSignal): Promise<Subject>
  /** How far the two clocks have moved apart since `clock`. */
  driftMs(): Promise<number>
  /** Puts the source back as it was. */
  leave(): Promise<void>
}

const DEADLINE_MS = 5_000

/** Rejects with a `RemoteError` when there is no push-lab at `url`, or it does not obey commands. */
export async function attachRemote(url: string, token: string | null): Promise<Remote> {
  const { origin, hostname, port, protocol } = new URL(url)
  await expectLab()
  const before = (await request('GET', '/api/source')) as SourceSettings
  if (before.kind === 'stdin') {
    throw new RemoteError(`${origin} reads its events from stdin: restart it with --source synthetic.`)
  }
  // An empty change: it only shows whether commands are obeyed.
  await request('PUT', '/api/source', {})
  const clock = await measureClock()

  return {
    origin,
    clock,
    subject,
    driftMs: async () => clockDriftMs(clock, await measureClock()),
    leave: async () => void (await request('PUT', '/api/source', before)),
  }

  async function subject(
    source: Pick<SourceSettings, 'payloadBytes' | 'timing'>,
    signal: AbortSignal,
  ): Promise<Subject> {
    await request('PUT', '/api/source', { kind: 'synthetic', rate: 0, ...source }, signal)
    const stats = () => request('GET', '/api/stats', undefined, signal) as Promise<Stats>
    return {
      elsewhere: { host: hostname, roundTripMs: clock.roundTripMs },
      port: port === '' ? 80 : Number(port),
      setRate: async rate => void (await request('PUT', '/api/source', { rate }, signal)),
      top: async () => (await stats()).log.top,
      clock: () => measureClock(signal),
      traffic: async technique => (await stats()).techniques[technique],
      settle: async () => {},
      read: async () => ({ ...UNKNOWN, monotonicMs: performance.now() }),
      takeScheduleLag: async () => null,
      watchSockets: async () => {},
      unsentBytes: async () => Number.NaN,
      stop: async () => {},
    }
  }

  function measureClock(signal?: AbortSignal): Promise<ClockEstimate> {
    return measureClockOffset(() => request('GET', '/api/clock', undefined, signal) as Promise<ClockReading>)
  }

  async function expectLab(): Promise<void> {
    if (protocol !== 'http:')
      throw new RemoteError('The bench speaks plain HTTP only: pass an http:// address.')
    const health = (await request('GET', '/api/health')) as Partial<Health> | null
    if (typeof health?.epoch !== 'string' || typeof health.top !== 'number') throw notALab()
  }

  async function request(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const response = await fetch(origin + path, {
      method,
      headers,
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(error => {
      signal?.throwIfAborted()
      const { message } = (error as Error & { cause?: Error }).cause ?? (error as Error)
      throw new RemoteError(`${origin} cannot be reached: ${message}.`)
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok && answer !== null) return answer
    throw response.status === 404 || !isRefusal(answer) ? notALab() : refused(response.status, answer)
  }

  function notALab(): RemoteError {
    return new RemoteError(`${origin} is not a push-lab server: it does not answer like one.`)
  }

  function refused(status: number, { error }: RefusalBody): RemoteError {
    if (status !== 401) return new RemoteError(`${origin} refuses: ${error}`)
    return new RemoteError(
      token === null
        ? `${origin} requires its control token: pass it with --token.`
        : `${origin} does not accept this control token: pass the one that it printed at its start.`,
    )
  }
}

function isRefusal(answer: unknown): answer is RefusalBody {
  return typeof answer === 'object' && answer !== null && 'error' in answer && 'code' in answer
}

/** What only a probe could tell. */
const UNKNOWN: Omit<ProbeReading, 'monotonicMs'> = {
  cpuMs: Number.NaN,
  loopActiveMs: Number.NaN,
  loopIdleMs: Number.NaN,
  gcCount: Number.NaN,
  gcMs: Number.NaN,
  rssBytes: Number.NaN,
  heapUsedBytes: Number.NaN,
  externalBytes: Number.NaN,
  sleeps: Number.NaN,
}
