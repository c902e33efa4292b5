/** Many events in one turn of the event loop: when the last sentinel has the last of them, and what that costs. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { max, median, sum } from 'simple-statistics'
import { check, checkComplete, checkConnections } from '../judge/checks.ts'
import type { BurstAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { cpuMsBetween } from './readings.ts'
import { openSession } from './session.ts'

export async function measureBurst(
  setting: TrialSetting,
  axes: BurstAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const { readers, sentinels, pollIntervalMs, connectAtOnce, idleMs } = axes
  const fleet = { readers, sentinels, pollIntervalMs, connectAtOnce, idleMs }
  const session = await openSession(setting, subject, load, fleet)
  for (let burst = 0; burst < axes.warmUpBursts; burst++) await publish()

  const { result: bursts, loadUtilization } = await session.watchLoad(publishAll)
  const completionsMs = bursts.map(({ completionMs }) => completionMs)
  const cpuMs = sum(bursts.map(burst => burst.cpuMs))
  const deliveries = sum(bursts.map(burst => burst.deliveries))
  const loadActiveMs = sum(bursts.map(burst => burst.loadActiveMs))
  // Of the time until the last read.
  const readingShare = Math.min(1, loadActiveMs / sum(completionsMs))
  return {
    values: {
      'burst-p50': median(completionsMs),
      'burst-max': max(completionsMs),
      'cpu-per-delivery': (cpuMs * 1000) / deliveries,
    },
    checks: [
      checkConnections(await session.failures()),
      check('generator-bound', loadUtilization, { share: loadUtilization }),
      check('reading-dominates', readingShare, { share: readingShare }),
      checkComplete(await session.deliveryCounts()),
    ],
    publishes: axes.bursts,
    raw: {
      idleCpuShare: session.idleCpuShare(),
      loadUtilization,
      readingShare,
      completionsMs,
      cpuMs,
      deliveries,
    },
  }

  async function publishAll() {
    const bursts = []
    for (let burst = 0; burst < axes.bursts; burst++) bursts.push(await publish())
    return bursts
  }

  async function publish() {
    await load.call('fleet.clearLatencies')
    await load.call('fleet.resume', { pollIntervalMs })
    const before = await session.read()
    const from = await session.readLoad()
    await subject.burst(axes.burstEvents)
    await session.rest()
    const to = await session.readLoad()
    const after = await session.read()
    const { completionUs } = await load.call('fleet.latencies')
    return {
      completionMs: decodeFromCompressedBase64(completionUs).maxValue / 1000,
      cpuMs: cpuMsBetween(before.probe, after.probe, session.idleCpuShare()),
      loadActiveMs: to.loopActiveMs - from.loopActiveMs,
      deliveries: after.counts.delivered - before.counts.delivered,
    }
  }
}
