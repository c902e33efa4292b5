/** Connections of one technique, opened one at a time and then held while nothing happens. */
import { linearRegression, quantile } from 'simple-statistics'
import type { Technique } from '../../server/protocol.ts'
import { checkConnections } from '../check.ts'
import { readSocketMemory } from '../machine.ts'
import type { ProbeReading } from '../probe.ts'
import type { ConnectionsAxes } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { createFleet } from './open-fleet.ts'

/** Longer than any trial: a poller that has asked once and rests is what "idle" means for polling. */
const NEVER_AGAIN_MS = 3_600_000

export async function measureConnections(
  setting: TrialSetting,
  axes: ConnectionsAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const [, ...steps] = axes.steps
  await createFleet(load, subject, {
    kind: setting.plan.arm as Technique,
    readers: axes.warmUpConnections + (axes.steps.at(-1) ?? 0),
    sentinels: 1,
    pollIntervalMs: NEVER_AGAIN_MS,
    seed: setting.seed,
  })
  await load.ask('fleet.open', { count: axes.warmUpConnections, atOnce: 1 })

  const readings = [await readAt(0)]
  const placeKnownMs: number[] = []
  let openingCpuMs = 0
  let open = 0
  for (const step of steps) {
    const from = await subject.read()
    placeKnownMs.push(...(await load.ask('fleet.open', { count: step - open, atOnce: 1 })))
    openingCpuMs += (await subject.read()).cpuMs - from.cpuMs
    open = step
    readings.push(await readAt(open))
  }

  const failures = await load.ask('fleet.failures', null)
  const slope = (of: (reading: ProbeReading) => number) =>
    linearRegression(readings.map(({ connections, probe }) => [connections, of(probe)])).m / 1024
  return {
    values: {
      'connect-p50': quantile(placeKnownMs, 0.5),
      'connect-p90': quantile(placeKnownMs, 0.9),
      'cpu-per-connection': (openingCpuMs * 1000) / open,
      'memory-per-connection': slope(probe => probe.rssBytes),
    },
    checks: [checkConnections(failures)],
    publishes: null,
    histograms: {},
    raw: {
      readings,
      heapKbPerConnection: slope(probe => probe.heapUsedBytes),
      externalKbPerConnection: slope(probe => probe.externalBytes),
    },
  }

  async function readAt(connections: number) {
    await subject.settle()
    return { connections, probe: await subject.read(), kernelTcpBytes: readSocketMemory() }
  }
}
