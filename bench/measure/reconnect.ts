/** All are cut at once, miss some events, come back with their cursors: how soon they have everything, at what cost. */
import { setTimeout as delay } from 'node:timers/promises'
import { max, quantile } from 'simple-statistics'
import type { Technique } from '../../server/protocol/techniques.ts'
import { checkComplete, checkConnections, checkLoadUtilization } from '../judge/checks.ts'
import type { ReconnectAxes } from '../scenarios/scenario.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import { cpuMsBetween } from './cpu-between.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

/** For the server to see that everybody is gone. */
const GONE_MS = 100

export async function measureReconnect(
  { plan, seed, signal }: TrialSetting,
  axes: ReconnectAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const technique = plan.arm as Technique
  const stage = createStage({ technique, subject, load, signal, pushedBytes: null, keepsLog: true })
  const idleCpuShare = await stage.readIdle(axes.idleMs)
  await openFleet(load, subject, {
    kind: technique,
    readers: axes.readers,
    sentinels: 1,
    pollIntervalMs: axes.pollIntervalMs,
    seed,
    connectAtOnce: axes.connectAtOnce,
  })
  // The first return is not like the others: what it runs through was never run before.
  await returnOnce()
  const rounds = []
  for (let round = 0; round < axes.rounds; round++) rounds.push(await returnOnce())

  const { counts } = await stage.read()
  const expected = counts.readers * (await subject.top()) - counts.began
  const caughtUpMs = rounds.flatMap(round => round.caughtUpMs)
  const loadUtilization = max(rounds.map(round => round.loadUtilization))
  const cpuMs = rounds.reduce((sum, round) => sum + round.cpuMs, 0)
  return {
    values: {
      'return-p50': quantile(caughtUpMs, 0.5),
      'return-p90': quantile(caughtUpMs, 0.9),
      'return-max': max(caughtUpMs),
      'cpu-per-return': (cpuMs * 1000) / caughtUpMs.length,
    },
    checks: [
      checkConnections(await load.call('fleet.failures')),
      checkLoadUtilization(loadUtilization),
      checkComplete({ ...counts, expected }),
    ],
    publishes: null,
    histograms: {},
    raw: { idleCpuShare, loadUtilization, cpuMs, returns: caughtUpMs.length, counts },
  }

  async function returnOnce() {
    await stage.rest()
    await load.call('fleet.cut')
    await delay(GONE_MS, undefined, { signal })
    await subject.burst(axes.missedEvents)
    const upTo = await subject.top()
    const from = await subject.read()
    await load.call('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
    const { result: caughtUpMs, loadUtilization } = await stage.watchLoad(() =>
      load.call('fleet.reconnect', { spreadMs: axes.spreadMs, upTo }),
    )
    return { caughtUpMs, loadUtilization, cpuMs: cpuMsBetween(from, await subject.read(), idleCpuShare) }
  }
}
