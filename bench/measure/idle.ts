/** Connections of one technique while there is no event: what crosses the wire all the same, and what it costs. */
import { setTimeout as delay } from 'node:timers/promises'
import { asksAtIntervals, isHeld, type Technique } from '../../server/protocol/techniques.ts'
import { check, checkAboveIdle, checkBytes, checkConnections } from '../judge/checks.ts'
import type { IdleAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { bytesDownBetween, cpuMsBetween } from './readings.ts'
import { openSession } from './session.ts'

const MS_PER_MINUTE = 60_000

export async function measureIdle(
  setting: TrialSetting,
  axes: IdleAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const { signal } = setting
  const { readers, pollIntervalMs, connectAtOnce, idleMs } = axes
  const fleet = { readers, sentinels: 1, pollIntervalMs, connectAtOnce, idleMs }
  const session = await openSession(setting, subject, load, fleet)
  const { technique } = session
  const windowMs = windowMsOf(technique, axes)
  await subject.settle()
  await delay(axes.restMs, undefined, { signal })

  // At rest: of a request that is under way, only half would be counted.
  await session.rest()
  const before = { traffic: await subject.traffic(technique), ...(await session.read()) }
  await load.call('fleet.resume', { pollIntervalMs })
  const { result: read, loadUtilization } = await session.watchLoad(async () => {
    await delay(windowMs, undefined, { signal })
    return session.read()
  })
  await session.rest()
  const after = { ...read, traffic: await subject.traffic(technique) }
  const { counts } = await session.read()

  const connectionMinutes = (readers * windowMs) / MS_PER_MINUTE
  const idleCpuShare = session.idleCpuShare()
  const cpuMs = cpuMsBetween(before.probe, after.probe, idleCpuShare)
  const [from, to] = [before.traffic, after.traffic]
  const up = to.bytesIn - from.bytesIn
  const down = bytesDownBetween(from, to)
  return {
    values: {
      'idle-requests': (to.requests - from.requests) / connectionMinutes,
      'idle-bytes': (up + down) / connectionMinutes,
      'idle-cpu': (cpuMs * 1000) / connectionMinutes,
    },
    checks: [
      checkConnections(await session.failures()),
      check('generator-bound', loadUtilization, { share: loadUtilization }),
      checkAboveIdle(cpuMs, after.probe.cpuMs - before.probe.cpuMs),
      checkBytes('up', up, counts.bytesOut - before.counts.bytesOut),
      checkBytes('down', down, counts.bytesIn - before.counts.bytesIn),
    ],
    raw: { windowMs, loadUtilization, idleCpuShare, cpuMs, before, after },
  }
}

function windowMsOf(technique: Technique, axes: IdleAxes): number {
  if (asksAtIntervals(technique)) return axes.pollWindowMs
  return isHeld(technique) ? axes.holdWindowMs : axes.heartbeatWindowMs
}
