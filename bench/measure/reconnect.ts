/** All are cut at once, miss some events and come back with their cursors: how soon they catch up, and at what cost. */
import { setTimeout as delay } from 'node:timers/promises'
import { max, quantile, sum } from 'simple-statistics'
import { check, checkComplete, checkConnections } from '../judge/checks.ts'
import type { ReconnectAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { cpuMsBetween } from './readings.ts'
import { openSession } from './session.ts'

/** For the server to notice that all connections are closed. */
const CLOSED_MS = 100

export async function measureReconnect(
  setting: TrialSetting,
  axes: ReconnectAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const { readers, pollIntervalMs, connectAtOnce, idleMs, spreadMs } = axes
  const fleet = { readers, sentinels: 1, pollIntervalMs, connectAtOnce, idleMs }
  const session = await openSession(setting, subject, load, fleet)
  // The first return is not like the others: its code was never run before.
  await returnOnce()
  const rounds = []
  for (let round = 0; round < axes.rounds; round++) rounds.push(await returnOnce())

  const counts = await session.deliveryCounts()
  const caughtUpMs = rounds.flatMap(round => round.caughtUpMs)
  const loadUtilization = max(rounds.map(round => round.loadUtilization))
  const cpuMs = sum(rounds.map(round => round.cpuMs))
  return {
    values: {
      'return-p50': quantile(caughtUpMs, 0.5),
      'return-p90': quantile(caughtUpMs, 0.9),
      'return-max': max(caughtUpMs),
      'cpu-per-return': (cpuMs * 1000) / caughtUpMs.length,
    },
    checks: [
      checkConnections(await session.failures()),
      check('generator-bound', loadUtilization, { share: loadUtilization }),
      checkComplete(counts),
    ],
    raw: { idleCpuShare: session.idleCpuShare(), loadUtilization, cpuMs, returns: caughtUpMs.length, counts },
  }

  async function returnOnce() {
    await session.rest()
    await load.call('fleet.cut')
    await delay(CLOSED_MS, undefined, { signal: setting.signal })
    await subject.burst(axes.missedEvents)
    const upTo = await subject.top()
    const from = await subject.read()
    await load.call('fleet.resume', { pollIntervalMs })
    const { result: caughtUpMs, loadUtilization } = await session.watchLoad(() =>
      load.call('fleet.reconnect', { spreadMs, upTo }),
    )
    return {
      caughtUpMs,
      loadUtilization,
      cpuMs: cpuMsBetween(from, await subject.read(), session.idleCpuShare()),
    }
  }
}
