/** Some readers stop reading: what the server holds for them, when it cuts them, and what the others notice. */
import { setTimeout as delay } from 'node:timers/promises'
import { median } from 'simple-statistics'
import { check, checkComplete, checkConnections, checkSchedule } from '../judge/checks.ts'
import type { SlowReaderAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import { latencyFigures, scheduleLagFigures } from './latency-figures.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { createSession } from './session.ts'

/** How often the server is asked what it holds. */
const CHECK_EVERY_MS = 250

export async function measureSlowReader(
  setting: TrialSetting,
  axes: SlowReaderAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const { readers, stalled, connectAtOnce, eventsPerSecond } = axes
  const session = createSession(setting, subject, load)
  await subject.watchSockets()
  await session.openFleet({
    readers: readers + stalled,
    sentinels: readers,
    stalled,
    pollIntervalMs: 0,
    connectAtOnce,
  })
  await session.warmUp(axes.warmUpMs, eventsPerSecond)

  await load.call('fleet.clearLatencies')
  await subject.takeScheduleLag()
  const top = await subject.top()
  const {
    result: { result: unsentBytes, onMs },
    loadUtilization,
  } = await session.watchLoad(() => session.whileOn(eventsPerSecond, watchUnsent))
  await session.rest()

  const published = (await subject.top()) - top
  const { deliveryUs, intendedAt } = await load.call('fleet.latencies')
  const stalledCounts = await load.call('fleet.stalled')
  const scheduleLag = await subject.takeScheduleLag()
  const closedAfterMs = stalledCounts.closedAfterMs ?? []
  return {
    values: {
      ...latencyFigures(deliveryUs),
      ...scheduleLagFigures(scheduleLag),
      ...(stalled === 0
        ? {}
        : {
            'held-per-slow-reader': Math.max(...unsentBytes) / stalled / 1024,
            'slow-readers-cut': closedAfterMs.length / stalled,
          }),
      ...(closedAfterMs.length === 0
        ? {}
        : { 'cut-after': median([...closedAfterMs]), 'cut-after-max': Math.max(...closedAfterMs) }),
    },
    checks: [
      checkConnections(await session.failures()),
      check('generator-bound', loadUtilization, { share: loadUtilization }),
      checkSchedule(intendedAt, published, 1000 / eventsPerSecond, {
        least: onMs.least - (scheduleLag?.maxMs ?? 0),
        most: onMs.most,
      }),
      checkComplete(await session.deliveryCounts()),
    ],
    publishes: published,
    histograms: { deliveryUs },
    raw: { loadUtilization, unsentBytes, closedAfterMs, stalled: stalledCounts },
  }

  /** What the server holds for the readers that stopped, checked at intervals. */
  async function watchUnsent(): Promise<number[]> {
    const unsentBytes: number[] = []
    const endsAt = performance.now() + axes.windowMs
    while (performance.now() < endsAt) {
      await delay(CHECK_EVERY_MS, undefined, { signal: setting.signal })
      unsentBytes.push(await subject.unsentBytes())
    }
    return unsentBytes
  }
}
