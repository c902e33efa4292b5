/** A server that somebody else has started, perhaps on another machine: measured over the wire and nothing else. */
import type { ClockReading, Health, Refusal, SourceSettings, Stats } from '../../server/protocol/api.ts'
import { type ClockEstimate, clockDriftMs, measureClockOffset } from '../measure/clock-offset.ts'
import type { ProbeReading } from './probe.ts'
import type { Subject } from './subject.ts'

/** Whoever asked for that server must choose otherwise: a sentence for them. */
export class RemoteError extends Error {}

export interface Remote {
  readonly origin: string
  /** The clock as it was first known. */
  readonly clock: ClockEstimate
  /** Sets the source as a trial wants it, silent. */
  subject(source: Pick<SourceSettings, 'payloadBytes' | 'timing'>, signal: AbortSignal): Promise<Subject>
  /** How far the clocks have moved apart since `clock`. */
  driftMs(): Promise<number>
  /** Puts the source back as it was. */
  leave(): Promise<void>
}

const DEADLINE_MS = 5_000

/** Rejects with a `RemoteError` when there is no lab, or no command of it to be had. */
export async function attachRemote(url: string, token: string | null): Promise<Remote> {
  const { origin, hostname, port, protocol } = new URL(url)
  const whoeverAsked = new AbortController().signal
  await expectLab()
  const before = (await call('GET', '/api/source', whoeverAsked)) as SourceSettings
  if (before.kind === 'stdin') {
    throw new RemoteError(`${origin} reads its events from stdin: start it with --source synthetic.`)
  }
  // Changes nothing, and says whether commands are obeyed.
  await call('PUT', '/api/source', whoeverAsked, {})
  const clock = await measureClock(whoeverAsked)

  return {
    origin,
    clock,
    subject,
    driftMs: async () => clockDriftMs(clock, await measureClock(whoeverAsked)),
    leave: async () => void (await call('PUT', '/api/source', whoeverAsked, before)),
  }

  async function subject(
    source: Pick<SourceSettings, 'payloadBytes' | 'timing'>,
    signal: AbortSignal,
  ): Promise<Subject> {
    await call('PUT', '/api/source', signal, { kind: 'synthetic', rate: 0, ...source })
    const stats = () => call('GET', '/api/stats', signal) as Promise<Stats>
    return {
      elsewhere: { host: hostname, roundTripMs: clock.roundTripMs },
      port: port === '' ? 80 : Number(port),
      setRate: async rate => void (await call('PUT', '/api/source', signal, { rate })),
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

  function measureClock(signal: AbortSignal): Promise<ClockEstimate> {
    return measureClockOffset(() => call('GET', '/api/clock', signal) as Promise<ClockReading>)
  }

  async function expectLab(): Promise<void> {
    if (protocol !== 'http:') throw new RemoteError('The readers speak plain http: give an http:// address.')
    const health = (await call('GET', '/api/health', whoeverAsked)) as Partial<Health> | null
    if (typeof health?.epoch !== 'string' || typeof health.top !== 'number') throw notALab()
  }

  async function call(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const response = await fetch(origin + path, {
      method,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(error => {
      signal.throwIfAborted()
      const { message } = (error as Error & { cause?: Error }).cause ?? (error as Error)
      throw new RemoteError(`${origin} cannot be reached: ${message}.`)
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok && answer !== null) return answer
    throw response.status === 404 || !isRefusal(answer) ? notALab() : refused(response.status, answer)
  }

  function notALab(): RemoteError {
    return new RemoteError(`${origin} is not a push-lab: it does not answer as one.`)
  }

  function refused(status: number, { error }: Refusal): RemoteError {
    if (status !== 401) return new RemoteError(`${origin} refuses: ${error}`)
    return new RemoteError(
      token === null
        ? `${origin} wants its control token: give it with --token.`
        : `${origin} does not know this control token: give the one that it printed when it was started.`,
    )
  }
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'error' in answer && 'code' in answer
}

/** There is no probe in it. */
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
