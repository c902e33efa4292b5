/** N readers of one technique, a steady source: what is published, delivered, and spent in one window. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Technique } from '../../server/protocol.ts'
import type { FleetCounts } from '../fleet.ts'
import type { DeliveryAxes } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { deliveryFigures, type Reading } from './delivery-figures.ts'
import { loopUtilization } from './loop-utilization.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'

const REST_DEADLINE_MS = 3_000
const REST_LOOK_MS = 10
/** For what answering leaves behind: a long poll that was answered asks again. */
const REST_MS = 50
/** A cursor as long as a real one, to ask a floor with. */
const BLIND_CURSOR = 'aaaaaaaaaa-1000'

export async function measureDelivery(
  { plan: { arm, as }, floor, seed, signal }: TrialSetting,
  axes: DeliveryAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const technique = as ?? (arm as Technique)
  const pushedBytes = floor?.kind === 'tcp' ? Buffer.byteLength(floor.base64, 'base64') : null

  const idleCpuShare = await readIdle()
  const clock = await subject.clock()
  await load.ask('fleet.create', {
    kind: arm === 'tcp' ? 'plain' : technique,
    port: subject.port,
    readers: axes.readers,
    sentinels: axes.sentinels,
    pollIntervalMs: axes.pollIntervalMs / axes.warmUpFactor,
    seed,
    blindCursor: floor === null ? null : BLIND_CURSOR,
    clock,
  })
  await load.ask('fleet.open', { count: axes.readers, atOnce: axes.connectAtOnce })
  await publishFor(axes.warmUpMs, axes.eventsPerSecond * axes.warmUpFactor)
  await rest()

  // No garbage is collected by force here: that also throws away compiled code which has just become warm.
  await load.ask('fleet.clearLatencies', null)
  // Asking for the books is itself work, so it stays outside the readings of CPU.
  const before = { ...(await readBooks()), ...(await read()) }
  await load.ask('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
  const { loadUtilization, half } = await publishFor(axes.windowMs, axes.eventsPerSecond)
  await rest()
  const after = { ...(await read()), ...(await readBooks()) }

  return deliveryFigures({
    arm,
    technique,
    pushedBytes,
    eventsPerSecond: axes.eventsPerSecond,
    idleCpuShare,
    loadUtilization,
    before,
    half,
    after,
    latencies: await load.ask('fleet.latencies', null),
    failures: await load.ask('fleet.failures', null),
    clocks: [clock, await subject.clock()],
  })

  /** The silent process: CPU milliseconds per millisecond. */
  async function readIdle(): Promise<number> {
    await subject.settle()
    const from = await subject.read()
    await delay(axes.idleMs, undefined, { signal })
    const to = await subject.read()
    return (to.cpuMs - from.cpuMs) / (to.monotonicMs - from.monotonicMs)
  }

  /** Returns how busy the load process was meanwhile, and the readings at half-time. */
  async function publishFor(ms: number, eventsPerSecond: number) {
    const from = await load.ask('probe.read', null)
    await subject.setRate(eventsPerSecond)
    await delay(ms / 2, undefined, { signal })
    const half = await read()
    await delay(ms / 2, undefined, { signal })
    await subject.setRate(0)
    return { loadUtilization: loopUtilization(from, await load.ask('probe.read', null)), half }
  }

  /** Until everyone has everything (or plainly will not), and nothing is under way. */
  async function rest(): Promise<void> {
    const top = await subject.top()
    if (pushedBytes !== null) await until(counts => counts.bytesIn >= top * counts.readers * pushedBytes)
    if (floor === null) await until(counts => counts.lowestPlace >= top)
    await load.ask('fleet.pause', null)
    if (technique === 'poll') await until(counts => counts.asks === counts.answers)
    await delay(REST_MS, undefined, { signal })
  }

  async function until(done: (counts: FleetCounts) => boolean): Promise<void> {
    const deadline = performance.now() + REST_DEADLINE_MS
    while (!done(await load.ask('fleet.counts', null)) && performance.now() < deadline) {
      await delay(REST_LOOK_MS, undefined, { signal })
    }
  }

  async function read(): Promise<Reading> {
    const [probe, counts] = await Promise.all([subject.read(), load.ask('fleet.counts', null)])
    return { probe, counts }
  }

  async function readBooks() {
    return { top: await subject.top(), traffic: await subject.traffic(technique) }
  }
}
