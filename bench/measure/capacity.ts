/** The most that can be offered while everything arrives in time: doubling until the limit breaks, then bisection. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { median } from 'simple-statistics'
import type { LatencyRecord } from '../fleet/latencies.ts'
import { bestOf, checkLimit, judgeProbe, type ProbeOutcome } from '../judge/capacity-limit.ts'
import { checkConnections } from '../judge/checks.ts'
import { readSteal, stealSince } from '../processes/machine.ts'
import type { CapacityAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openSession } from './session.ts'

/** A search that still passes after this many rates says nothing about the server any more. */
const RATES_MAX = 20
/** How often a rate is tried while its probes are void. */
const TRIES_MAX = 3
/** Where in a probe events are looked at, as shares of its time: around half-time, and at the end. */
const LOOKS = { half: [0.4, 0.6], end: [0.8, 1] } as const

export async function measureCapacity(
  setting: TrialSetting,
  axes: CapacityAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const { readers, sentinels, pollIntervalMs, connectAtOnce } = axes
  const session = await openSession(setting, subject, load, {
    readers,
    sentinels,
    pollIntervalMs,
    connectAtOnce,
  })
  await session.warmUp(axes.warmUpMs, axes.firstEventsPerSecond)

  const probes = await search(
    async eventsPerSecond => judgeProbe(await offer(eventsPerSecond), eventsPerSecond, axes),
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
    checks: [checkConnections(await session.failures()), ...checkLimit(probes)],
    raw: { probes },
  }

  async function offer(eventsPerSecond: number): Promise<ProbeOutcome> {
    await load.call('fleet.clearLatencies')
    await load.call('fleet.resume', { pollIntervalMs })
    const steal = readSteal()
    const before = { top: await subject.top(), ...(await session.read()) }
    const { publishedMs, loadUtilization } = await session.publishFor(axes.probeMs, eventsPerSecond)
    const stoppedAt = performance.now()
    await session.rest()
    const drainMs = performance.now() - stoppedAt
    const after = { top: await subject.top(), ...(await session.read()) }
    const stealShare = stealSince(steal)
    const latencies = await load.call('fleet.latencies')
    const delivered = after.counts.delivered - before.counts.delivered
    return {
      publishedMs,
      complete: delivered === (after.top - before.top) * readers && amiss(before) === amiss(after),
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

/** Since the fleet was created: one repeat must not fail every probe after it. */
function amiss({
  counts,
}: {
  readonly counts: { readonly repeated: number; readonly disordered: number }
}): number {
  return counts.repeated + counts.disordered
}

/**
 * By how much later an event was read at the end than at half-time. Events are published as scheduled, so this is the
 * growth of the queue, in the time that it takes to publish what is in it, wherever it is: with the source, the server
 * or the reader. Medians, since a single stall is no growth.
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
 * All probes in the order in which they ran: each rate that passes is higher than the one that passed before. One
 * failure is enough, except a void one, which is tried again; a rate whose probes are all void has not passed.
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
