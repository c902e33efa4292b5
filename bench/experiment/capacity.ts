/** The most that can be offered while everything arrives in time: doubling until the limit breaks, then bisection. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import type { Technique } from '../../server/protocol.ts'
import { type Check, checkConnections, LOAD_UTILIZATION } from '../check.ts'
import type { CapacityAxes } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './stage.ts'

/** One rate tried. */
interface Probe {
  readonly eventsPerSecond: number
  readonly passed: boolean
  /** What was really published, by the wall clock. */
  readonly deliveriesPerSecond: number
  readonly p99Ms: number
  readonly cpuUsPerDelivery: number
  readonly loadUtilization: number
  /** The load process was too busy to tell: it was its own limit that was looked at. */
  readonly generatorBound: boolean
  readonly complete: boolean
  /** After the last event: how long until everybody had everything. */
  readonly drainMs: number
}

/** Beyond this, a search that still passes says nothing about the server any more. */
const PROBES_MAX = 20

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

  const probes = await search(probe, axes)
  const best = probes.filter(({ passed }) => passed).at(-1) ?? null
  return {
    values:
      best === null
        ? {}
        : {
            'capacity-deliveries': best.deliveriesPerSecond,
            'capacity-events': best.eventsPerSecond,
            'capacity-cpu': best.cpuUsPerDelivery,
          },
    checks: [checkConnections(await load.ask('fleet.failures', null)), checkFound(best, probes)],
    publishes: null,
    histograms: {},
    raw: { probes },
  }

  async function probe(eventsPerSecond: number): Promise<Probe> {
    await load.ask('fleet.clearLatencies', null)
    await load.ask('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
    const before = { top: await subject.top(), ...(await stage.read()) }
    const { loadUtilization } = await stage.publishFor(axes.probeMs, eventsPerSecond)
    const stoppedAt = performance.now()
    await stage.rest()
    const drainMs = performance.now() - stoppedAt
    const after = { top: await subject.top(), ...(await stage.read()) }
    const { deliveryUs } = await load.ask('fleet.latencies', null)
    const p99Ms = decodeFromCompressedBase64(deliveryUs).getValueAtPercentile(99) / 1000
    const delivered = after.counts.delivered - before.counts.delivered
    const { repeated, disordered } = after.counts
    const generatorBound = loadUtilization >= LOAD_UTILIZATION.refuse
    const complete = delivered === (after.top - before.top) * axes.readers && repeated + disordered === 0
    return {
      eventsPerSecond,
      passed: !generatorBound && complete && p99Ms <= axes.limitP99Ms && drainMs <= 2 * axes.limitP99Ms,
      deliveriesPerSecond: (delivered * 1000) / axes.probeMs,
      p99Ms,
      cpuUsPerDelivery: ((after.probe.cpuMs - before.probe.cpuMs) * 1000) / delivered,
      loadUtilization,
      generatorBound,
      complete,
      drainMs,
    }
  }
}

/** All probes in the order of asking: each that passes asks for more than the one that passed before. */
export async function search<P extends { readonly passed: boolean }>(
  probe: (eventsPerSecond: number) => Promise<P>,
  { firstEventsPerSecond, resolution }: Pick<CapacityAxes, 'firstEventsPerSecond' | 'resolution'>,
): Promise<P[]> {
  const probes: P[] = []
  let passed = 0
  let failed = Number.POSITIVE_INFINITY
  let rate = firstEventsPerSecond
  while (
    probes.length < PROBES_MAX &&
    (failed === Number.POSITIVE_INFINITY || failed - passed > resolution * failed)
  ) {
    const first = await probe(rate)
    // A stall of the machine fails one probe, a limit fails the next as well.
    const found = first.passed ? first : await probe(rate)
    probes.push(found)
    if (found.passed) passed = rate
    else failed = rate
    rate = failed === Number.POSITIVE_INFINITY ? rate * 2 : (passed + failed) / 2
  }
  return probes
}

/** The limit is the server's only if the lowest rate that failed failed for the server's sake. */
function checkFound(best: Probe | null, probes: readonly Probe[]): Check {
  const [failed] = probes
    .filter(({ passed }) => !passed)
    .sort((a, b) => a.eventsPerSecond - b.eventsPerSecond)
  const [verdict, reason] =
    best === null
      ? (['refused', 'Even the first rate broke the limit.'] as const)
      : failed === undefined
        ? (['refused', `No rate broke the limit within ${PROBES_MAX} probes.`] as const)
        : failed.generatorBound
          ? (['flagged', 'At least: beyond it the load process was the limit (generator-bound).'] as const)
          : (['ok', null] as const)
  return {
    name: 'limit found',
    value: best?.eventsPerSecond ?? null,
    threshold: `refused unless a rate passed and a higher one failed, flagged if that one had the load process busy beyond ${LOAD_UTILIZATION.refuse}`,
    verdict,
    reason,
    concerns: 'all',
  }
}
