/** N readers of one technique, a steady source: what is published, delivered, and spent in one window. */
import type { Technique } from '../../server/protocol/techniques.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import { deliveryFigures } from './delivery-figures.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { createFleet } from './open-fleet.ts'
import { watchRoundTrip } from './round-trip.ts'
import { createStage } from './session.ts'

/** A cursor as long as a real one, to ask a floor with. */
const BLIND_CURSOR = 'aaaaaaaaaa-1000'

export async function measureDelivery(
  { plan: { arm, as }, floor, fleetCost, seed, signal }: TrialSetting,
  axes: DeliveryAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const technique = as ?? (arm as Technique)
  const pushedBytes = floor?.kind === 'tcp' ? Buffer.byteLength(floor.base64, 'base64') : null
  const { elsewhere } = subject
  const stage = createStage({
    technique,
    subject,
    load,
    signal,
    pushedBytes,
    keepsLog: floor === null,
    pollIntervalMs: axes.pollIntervalMs,
    roundTripMs: elsewhere?.roundTripMs ?? 2 * (axes.distanceMs ?? 0),
  })

  const fastest = axes.warmUpDeliveriesPerSecond / (axes.readers * axes.eventsPerSecond)
  const warmUpFactor = Math.max(1, Math.min(axes.warmUpFactor, fastest))

  const idleCpuShare = await stage.readIdle(axes.idleMs)
  const clock = await createFleet(load, subject, {
    kind: arm === 'tcp' ? 'plain' : technique,
    readers: axes.readers,
    sentinels: axes.sentinels,
    pollIntervalMs: axes.pollIntervalMs / warmUpFactor,
    seed,
    blindCursor: floor === null ? null : BLIND_CURSOR,
  })
  const memory =
    axes.largeFanOut && elsewhere === undefined ? await openWithMemory() : await open(axes.readers)
  await stage.warmUp(axes.warmUpMs, axes.eventsPerSecond * warmUpFactor)

  // No garbage is collected by force here: that also throws away compiled code which has just become warm.
  await load.call('fleet.clearLatencies')
  await subject.takeScheduleLag()
  const before = { ...(await stage.readBooks()), ...(await stage.read()) }
  await load.call('fleet.resume', { pollIntervalMs: axes.pollIntervalMs })
  const endRoundTrips =
    axes.distanceMs === null
      ? async () => elsewhere?.roundTripMs ?? 0
      : watchRoundTrip('127.0.0.1', subject.port, signal)
  // From one interval on, polls bring as much as is published: before, they have little to bring.
  const leadMs = technique === 'poll' ? axes.pollIntervalMs : 0
  const published = await stage.publishFor(axes.windowMs, axes.eventsPerSecond, leadMs)
  const roundTripMs = await endRoundTrips()
  await stage.rest()
  const after = { ...(await stage.read()), ...(await stage.readBooks()) }

  return deliveryFigures({
    arm,
    technique,
    pushedBytes,
    axes,
    ...published,
    loadProcesses: load.processes,
    fleetCost: fleetCost ?? null,
    memory,
    roundTripMs,
    scheduleLag: await subject.takeScheduleLag(),
    probed: elsewhere === undefined,
    idleCpuShare,
    before,
    after,
    latencies: await load.call('fleet.latencies'),
    failures: await load.call('fleet.failures'),
    clocks: [clock, await subject.clock()],
  })

  async function open(count: number): Promise<null> {
    await load.call('fleet.open', { count, atOnce: axes.connectAtOnce })
    return null
  }

  /** Those who connect first are there at both readings, so that what is only there once is not booked to the others. */
  async function openWithMemory() {
    const first = Math.min(axes.connectAtOnce, axes.readers - 1)
    await open(first)
    const part = await readMemory(first)
    await open(axes.readers - first)
    return { part, all: await readMemory(axes.readers) }
  }

  async function readMemory(connections: number) {
    await subject.settle()
    return { connections, probe: await subject.read() }
  }
}
