/** Connections of one technique while there is nothing to say: what crosses the wire all the same, and what it costs. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Technique } from '../../server/protocol/techniques.ts'
import { checkAboveIdle, checkBytes, checkConnections, checkLoadUtilization } from '../judge/checks.ts'
import type { IdleAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import { bytesDown } from './bytes-down.ts'
import { cpuMsBetween } from './cpu-between.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

const MS_PER_MINUTE = 60_000

export async function measureIdle(
  { plan, seed, signal }: TrialSetting,
  axes: IdleAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const technique = plan.arm as Technique
  const stage = createStage({ technique, subject, load, signal, pushedBytes: null, keepsLog: true })
  const windowMs = windowOf(technique, axes)

  const idleCpuShare = await stage.readIdle(axes.idleMs)
  await openFleet(load, subject, {
    kind: technique,
    readers: axes.readers,
    sentinels: 1,
    pollIntervalMs: axes.pollIntervalMs,
    seed,
    connectAtOnce: axes.connectAtOnce,
  })
  await subject.settle()
  await delay(axes.restMs, undefined, { signal })

  // At rest, or an ask that is under way would be half in the books.
  await stage.rest()
  const before = { traffic: await subject.traffic(technique), ...(await stage.read()) }
  await load.call('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
  const { result: read, loadUtilization } = await stage.watchLoad(async () => {
    await delay(windowMs, undefined, { signal })
    return stage.read()
  })
  await stage.rest()
  const after = { ...read, traffic: await subject.traffic(technique) }
  const { counts } = await stage.read()

  const connectionMinutes = (axes.readers * windowMs) / MS_PER_MINUTE
  const cpuMs = cpuMsBetween(before.probe, after.probe, idleCpuShare)
  const [from, to] = [before.traffic, after.traffic]
  const up = to.bytesIn - from.bytesIn
  const down = bytesDown(to) - bytesDown(from)
  return {
    values: {
      'idle-requests': (to.requests - from.requests) / connectionMinutes,
      'idle-bytes': (up + down) / connectionMinutes,
      'idle-cpu': (cpuMs * 1000) / connectionMinutes,
    },
    checks: [
      checkConnections(await load.call('fleet.failures')),
      checkLoadUtilization(loadUtilization),
      checkAboveIdle(cpuMs, after.probe.cpuMs - before.probe.cpuMs, ['idle-cpu']),
      checkBytes('up', up, counts.bytesOut - before.counts.bytesOut, ['idle-bytes']),
      checkBytes('down', down, counts.bytesIn - before.counts.bytesIn, ['idle-bytes']),
    ],
    publishes: null,
    histograms: {},
    raw: { windowMs, loadUtilization, idleCpuShare, cpuMs, before, after },
  }
}

function windowOf(technique: Technique, axes: IdleAxes): number {
  if (technique === 'poll') return axes.pollWindowMs
  return technique === 'long-poll' ? axes.holdWindowMs : axes.heartbeatWindowMs
}
