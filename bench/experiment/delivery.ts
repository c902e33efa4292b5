/** N readers of one technique, a steady source: what is published, delivered, and spent in one window. */
import type { Technique } from '../../server/protocol.ts'
import { measureRoundTripMs } from '../round-trip.ts'
import type { DeliveryAxes } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { deliveryFigures } from './delivery-figures.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { createStage } from './stage.ts'

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
  const roundTripMs =
    axes.distanceMs === null ? 0 : await measureRoundTripMs('127.0.0.1', subject.port, signal)
  const stage = createStage({
    technique,
    subject,
    load,
    signal,
    pushedBytes,
    keepsLog: floor === null,
    pollIntervalMs: axes.pollIntervalMs,
    roundTripMs,
  })

  const idleCpuShare = await stage.readIdle(axes.idleMs)
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
  await stage.publishFor(axes.warmUpMs, axes.eventsPerSecond * axes.warmUpFactor)
  await stage.rest()

  // No garbage is collected by force here: that also throws away compiled code which has just become warm.
  await load.ask('fleet.clearLatencies', null)
  const before = { ...(await stage.readBooks()), ...(await stage.read()) }
  await load.ask('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
  const { loadUtilization, half, publishedMs } = await stage.publishFor(axes.windowMs, axes.eventsPerSecond)
  await stage.rest()
  const after = { ...(await stage.read()), ...(await stage.readBooks()) }

  return deliveryFigures({
    arm,
    technique,
    pushedBytes,
    axes,
    publishedMs,
    roundTripMs,
    idleCpuShare,
    loadUtilization,
    before,
    half,
    after,
    latencies: await load.ask('fleet.latencies', null),
    failures: await load.ask('fleet.failures', null),
    clocks: [clock, await subject.clock()],
  })
}
