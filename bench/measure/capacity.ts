/** The most that can be offered while everything arrives in time: doubling until the limit breaks, then bisection. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { median } from 'simple-statistics'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { LatencyRecord } from '../fleet/latencies.ts'
import {
  type Check,
  checkConnections,
  checkLoadUtilization,
  LOAD_UTILIZATION,
  SERVER_UTILIZATION,
  STEAL_SHARE,
} from '../judge/checks.ts'
import { readSteal, stealSince } from '../processes/machine.ts'
import type { CapacityAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

/** What came of one rate. */
export interface Outcome {
  /** For how long the source was on. */
  readonly publishedMs: number
  /** Everything that was published was delivered, once and in order. */
  readonly complete: boolean
  readonly delivered: number
  readonly p99Ms: number
  /** By how much later events were read at the end than at half-time: a queue that grows. */
  readonly lagGrowthMs: number
  /** After the last event: how long until everybody had everything. */
  readonly drainMs: number
  readonly cpuMs: number
  readonly loadUtilization: number
  /** The share of the machine's time that the host took meanwhile; `null`: not known. */
  readonly stealShare: number | null
}

/** One rate tried. */
export interface Probe extends Outcome {
  readonly eventsPerSecond: number
  readonly deliveriesPerSecond: number
  readonly cpuUsPerDelivery: number
  readonly passed: boolean
  /** The load process was too busy to tell: it was its own limit that was looked at. */
  readonly generatorBound: boolean
  /** It failed while the host took time for others: that says nothing about the server. */
  readonly isVoid: boolean
}

/** Beyond this, a search that still passes says nothing about the server any more. */
const RATES_MAX = 20
/** How often a rate is asked for while its probes are void. */
const TRIES_MAX = 3
/** A twentieth too much makes 30 ms between the two looks at the shortest probe, and the looks differ by some by chance. */
const LAG_GROWTH_MAX_MS = 20
/** Where in a probe events are looked at, as shares of its time: around half-time, and at the end. */
const LOOKS = { half: [0.4, 0.6], end: [0.8, 1] } as const

export async function measureCapacity(
  { plan, seed, signal }: TrialSetting,
  axes: CapacityAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const technique = plan.arm as Technique
  const stage = createStage({ technique, subject, load, signal, pushedBytes: null, keepsLog: true })
  await openFleet(load, subject, {
    kind: technique,
    readers: axes.readers,
    sentinels: axes.sentinels,
    pollIntervalMs: axes.pollIntervalMs,
    seed,
    connectAtOnce: axes.connectAtOnce,
  })
  await stage.warmUp(axes.warmUpMs, axes.firstEventsPerSecond)

  const probes = await search(
    async eventsPerSecond => judge(await offer(eventsPerSecond), eventsPerSecond, axes),
    axes,
  )
  const best = bestOf(probes)
  return {
    values:
      best === null
        ? {}
        : {
            'capacity-deliveries': best.deliveriesPerSecond,
            'capacity-events': best.eventsPerSecond,
            'capacity-cpu': best.cpuUsPerDelivery,
          },
    checks: [checkConnections(await load.call('fleet.failures')), ...checkFound(probes)],
    publishes: null,
    histograms: {},
    raw: { probes },
  }

  async function offer(eventsPerSecond: number): Promise<Outcome> {
    await load.call('fleet.clearLatencies')
    await load.call('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
    const steal = readSteal()
    const before = { top: await subject.top(), ...(await stage.read()) }
    const { publishedMs, loadUtilization } = await stage.publishFor(axes.probeMs, eventsPerSecond)
    const stoppedAt = performance.now()
    await stage.rest()
    const drainMs = performance.now() - stoppedAt
    const after = { top: await subject.top(), ...(await stage.read()) }
    const stealShare = stealSince(steal)
    const latencies = await load.call('fleet.latencies')
    const delivered = after.counts.delivered - before.counts.delivered
    const { repeated, disordered } = after.counts
    return {
      publishedMs,
      complete: delivered === (after.top - before.top) * axes.readers && repeated + disordered === 0,
      delivered,
      p99Ms: decodeFromCompressedBase64(latencies.deliveryUs).getValueAtPercentile(99) / 1000,
      lagGrowthMs: lagGrowthMs(latencies),
      drainMs,
      cpuMs: after.probe.cpuMs - before.probe.cpuMs,
      loadUtilization,
      stealShare,
    }
  }
}

/** Whether a rate can be borne, or whether nothing can be said of it. */
export function judge(
  outcome: Outcome,
  eventsPerSecond: number,
  { limitP99Ms }: Pick<CapacityAxes, 'limitP99Ms'>,
): Probe {
  const { publishedMs, delivered } = outcome
  const generatorBound = outcome.loadUtilization >= LOAD_UTILIZATION.refuse
  const passed =
    !generatorBound &&
    outcome.complete &&
    outcome.p99Ms <= limitP99Ms &&
    outcome.lagGrowthMs <= LAG_GROWTH_MAX_MS &&
    outcome.drainMs <= 2 * limitP99Ms
  return {
    eventsPerSecond,
    ...outcome,
    deliveriesPerSecond: (delivered * 1000) / publishedMs,
    cpuUsPerDelivery: (outcome.cpuMs * 1000) / delivered,
    passed,
    generatorBound,
    // On two cores, two seconds: 80 ms, which break the limit by themselves. Below it the host is not to blame.
    isVoid: !passed && (outcome.stealShare ?? 0) > STEAL_SHARE.flag,
  }
}

/**
 * By how much later than at half-time an event was read at the end. Events come as scheduled, so this is the queue, in
 * the time that it takes to publish what stands in it, wherever it stands: with the source, the server or the reader.
 * Medians, since a single stall is no growth.
 */
export function lagGrowthMs({
  intendedAt,
  lastReadAt,
}: Pick<LatencyRecord, 'intendedAt' | 'lastReadAt'>): number {
  const first = intendedAt[0] ?? 0
  const spanMs = (intendedAt.at(-1) ?? 0) - first
  return lagIn(LOOKS.end) - lagIn(LOOKS.half)

  function lagIn([from, to]: readonly [number, number]): number {
    const lags = intendedAt.flatMap((at, index) =>
      at >= first + from * spanMs && at <= first + to * spanMs ? [(lastReadAt[index] ?? 0) - at] : [],
    )
    return lags.length === 0 ? 0 : median(lags)
  }
}

/**
 * All probes in the order of asking: each rate that passes asks for more than the one that passed before. One failure
 * is enough, but for a void one, which is asked again; a rate whose probes are all void has not passed.
 */
export async function search<P extends { readonly passed: boolean; readonly isVoid: boolean }>(
  probe: (eventsPerSecond: number) => Promise<P>,
  { firstEventsPerSecond, resolution }: Pick<CapacityAxes, 'firstEventsPerSecond' | 'resolution'>,
): Promise<P[]> {
  const probes: P[] = []
  let passed = 0
  let failed = Number.POSITIVE_INFINITY
  let rate = firstEventsPerSecond
  let rates = 0
  while (
    rates++ < RATES_MAX &&
    (failed === Number.POSITIVE_INFINITY || failed - passed > resolution * failed)
  ) {
    if (await passes(rate)) passed = rate
    else failed = rate
    rate = failed === Number.POSITIVE_INFINITY ? rate * 2 : (passed + failed) / 2
  }
  return probes

  async function passes(eventsPerSecond: number): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const found = await probe(eventsPerSecond)
      probes.push(found)
      if (!found.isVoid || tries === TRIES_MAX) return found.passed
    }
  }
}

function bestOf(probes: readonly Probe[]): Probe | null {
  return probes.filter(({ passed }) => passed).at(-1) ?? null
}

/** The last that was asked of the lowest rate that did not pass; a rate that was void before it passed is none. */
function limitOf(probes: readonly Probe[]): Probe | null {
  const beyond = bestOf(probes)?.eventsPerSecond ?? 0
  const failed = probes.filter(({ passed, eventsPerSecond }) => !passed && eventsPerSecond > beyond)
  const lowest = Math.min(...failed.map(({ eventsPerSecond }) => eventsPerSecond))
  return failed.filter(({ eventsPerSecond }) => eventsPerSecond === lowest).at(-1) ?? null
}

const HOST_AT_FIRST =
  'Nothing is known: whenever the first rate was asked for, the host took time for others.'

/** Both may be full at once: then it may be the limit of either. */
function generatorBound({ cpuMs, publishedMs, drainMs }: Probe): string {
  const serverFull = cpuMs / (publishedMs + drainMs) >= SERVER_UTILIZATION.flag
  const whose = serverFull ? "so was the server's, so it may be the limit of either" : 'that was the limit'
  return `At least: beyond it the load process's core was full, and ${whose} (generator-bound).`
}

/** The limit is the server's only if the lowest rate that failed failed for the server's sake. */
export function checkFound(probes: readonly Probe[]): readonly Check[] {
  const best = bestOf(probes)
  const limit = limitOf(probes)
  const [verdict, reason] =
    best === null
      ? (['refused', limit?.isVoid ? HOST_AT_FIRST : 'Even the first rate broke the limit.'] as const)
      : limit === null
        ? (['refused', `No rate broke the limit within ${RATES_MAX} rates.`] as const)
        : limit.generatorBound
          ? (['flagged', generatorBound(limit)] as const)
          : limit.isVoid
            ? (['flagged', 'At least: whenever more was asked for, the host took time for others.'] as const)
            : (['ok', null] as const)
  const found: Check = {
    name: 'limit found',
    value: best?.eventsPerSecond ?? null,
    threshold: `refused unless a rate passed and a higher one failed, flagged if that one had the load process busy beyond ${LOAD_UTILIZATION.refuse}, or more than ${STEAL_SHARE.flag} of the machine taken by its host, ${TRIES_MAX} times`,
    verdict,
    reason,
    // What a delivery costs at some rate is no more and no less for that: beyond it nothing is known.
    concerns: best === null || limit === null ? 'all' : ['capacity-deliveries', 'capacity-events'],
  }
  if (best === null) return [found]
  // A limit that the load process set is told above.
  const deciding = limit === null || limit.generatorBound ? [best] : [best, limit]
  return [found, checkLoadUtilization(Math.max(...deciding.map(({ loadUtilization }) => loadUtilization)))]
}
