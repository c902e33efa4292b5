/** Many events in one turn of the event loop: when the last of them has come to the last sentinel, and what it costs. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { max, median, sum } from 'simple-statistics'
import type { Technique } from '../../server/protocol/techniques.ts'
import { checkComplete, checkConnections, checkLoadUtilization, checkReadersShare } from '../judge/checks.ts'
import type { BurstAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import { cpuMsBetween } from './cpu-between.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

export async function measureBurst(
  { plan, seed, signal }: TrialSetting,
  axes: BurstAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const technique = plan.arm as Technique
  const stage = createStage({ technique, subject, load, signal, pushedBytes: null, keepsLog: true })
  const idleCpuShare = await stage.readIdle(axes.idleMs)
  await openFleet(load, subject, {
    kind: technique,
    readers: axes.readers,
    sentinels: axes.sentinels,
    pollIntervalMs: axes.pollIntervalMs,
    seed,
    connectAtOnce: axes.connectAtOnce,
  })
  for (let burst = 0; burst < axes.warmUpBursts; burst++) await publish()

  const { result: bursts, loadUtilization } = await stage.watchLoad(publishAll)
  const completionsMs = bursts.map(({ completionMs }) => completionMs)
  const cpuMs = sum(bursts.map(burst => burst.cpuMs))
  const deliveries = sum(bursts.map(burst => burst.deliveries))
  const loadActiveMs = sum(bursts.map(burst => burst.loadActiveMs))
  const readersShare = Math.min(1, loadActiveMs / sum(completionsMs))
  const { counts } = await stage.read()
  const expected = counts.readers * (await subject.top()) - counts.began
  return {
    values: {
      'burst-p50': median(completionsMs),
      'burst-max': max(completionsMs),
      'cpu-per-delivery': (cpuMs * 1000) / deliveries,
    },
    checks: [
      checkConnections(await load.call('fleet.failures')),
      checkLoadUtilization(loadUtilization),
      checkReadersShare(readersShare, ['burst-p50', 'burst-max']),
      checkComplete({ ...counts, expected }),
    ],
    publishes: axes.bursts,
    histograms: {},
    raw: { idleCpuShare, loadUtilization, readersShare, completionsMs, cpuMs, deliveries },
  }

  async function publishAll() {
    const bursts = []
    for (let burst = 0; burst < axes.bursts; burst++) bursts.push(await publish())
    return bursts
  }

  async function publish() {
    await load.call('fleet.clearLatencies')
    await load.call('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
    const before = await stage.read()
    const from = await load.call('probe.read')
    await subject.burst(axes.burstEvents)
    await stage.rest()
    const to = await load.call('probe.read')
    const after = await stage.read()
    const { completionUs } = await load.call('fleet.latencies')
    return {
      completionMs: decodeFromCompressedBase64(completionUs).maxValue / 1000,
      cpuMs: cpuMsBetween(before.probe, after.probe, idleCpuShare),
      loadActiveMs: to.loopActiveMs - from.loopActiveMs,
      deliveries: after.counts.delivered - before.counts.delivered,
    }
  }
}
