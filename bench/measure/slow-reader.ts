/** Some readers stop reading: what the server holds for them, when it cuts them, and what the others notice. */
import { setTimeout as delay } from 'node:timers/promises'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { median } from 'simple-statistics'
import type { Technique } from '../../server/protocol/techniques.ts'
import { checkComplete, checkConnections, checkLoadUtilization, checkSchedule } from '../judge/checks.ts'
import type { SlowReaderAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import { scheduleLagFigures } from './delivery-figures.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

/** How often the server is asked what it holds. */
const LOOK_EVERY_MS = 250

export async function measureSlowReader(
  { plan, seed, signal }: TrialSetting,
  axes: SlowReaderAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const technique = plan.arm as Technique
  const stage = createStage({ technique, subject, load, signal, pushedBytes: null, keepsLog: true })
  await subject.watchSockets()
  await openFleet(load, subject, {
    kind: technique,
    readers: axes.readers + axes.stalled,
    sentinels: axes.readers,
    stalled: axes.stalled,
    pollIntervalMs: 0,
    seed,
    connectAtOnce: axes.connectAtOnce,
  })
  await stage.warmUp(axes.warmUpMs, axes.eventsPerSecond)

  await load.call('fleet.clearLatencies')
  await subject.takeScheduleLag()
  const top = await subject.top()
  const {
    result: { result: unsent, onMs },
    loadUtilization,
  } = await stage.watchLoad(() => stage.whileOn(axes.eventsPerSecond, watchUnsent))
  await stage.rest()

  const { counts } = await stage.read()
  const newest = await subject.top()
  const { deliveryUs, intendedAt } = await load.call('fleet.latencies')
  const latency = decodeFromCompressedBase64(deliveryUs)
  const stalled = await load.call('fleet.stalled')
  const scheduleLag = await subject.takeScheduleLag()
  const closedAfterMs = stalled.closedAfterMs ?? []
  return {
    values: {
      'latency-p50': latency.getValueAtPercentile(50) / 1000,
      'latency-p90': latency.getValueAtPercentile(90) / 1000,
      'latency-p99': latency.getValueAtPercentile(99) / 1000,
      'latency-max': latency.maxValue / 1000,
      ...scheduleLagFigures(scheduleLag),
      ...(axes.stalled === 0
        ? {}
        : {
            'held-per-slow-reader': Math.max(...unsent) / axes.stalled / 1024,
            'slow-readers-cut': closedAfterMs.length / axes.stalled,
            ...(closedAfterMs.length === 0
              ? {}
              : { 'cut-after': median([...closedAfterMs]), 'cut-after-max': Math.max(...closedAfterMs) }),
          }),
    },
    checks: [
      checkConnections(await load.call('fleet.failures')),
      checkLoadUtilization(loadUtilization),
      checkSchedule(intendedAt, newest - top, 1000 / axes.eventsPerSecond, {
        least: onMs.least - (scheduleLag?.maxMs ?? 0),
        most: onMs.most,
      }),
      checkComplete({ ...counts, expected: counts.readers * newest - counts.began }),
    ],
    publishes: newest - top,
    histograms: { deliveryUs },
    raw: { loadUtilization, unsent, closedAfterMs, stalled },
  }

  /** What the server holds for those who stopped reading, looked at again and again. */
  async function watchUnsent(): Promise<number[]> {
    const unsent: number[] = []
    const endsAt = performance.now() + axes.windowMs
    while (performance.now() < endsAt) {
      await delay(LOOK_EVERY_MS, undefined, { signal })
      unsent.push(await subject.unsentBytes())
    }
    return unsent
  }
}
