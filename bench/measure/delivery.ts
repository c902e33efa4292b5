/** N readers of one technique, a steady source: what is published, delivered, and spent in one window. */
import { asksAtIntervals } from '../../server/protocol/techniques.ts'
import type { DeliveryAxes } from '../scenarios/scenario.ts'
import type { Subject } from '../subjects/subject.ts'
import { deliveryFigures } from './delivery-figures.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { watchRoundTrip } from './round-trip.ts'
import { createSession } from './session.ts'

/** As long as a real cursor: a floor is sent requests with it. */
const BLIND_CURSOR = 'aaaaaaaaaa-1000'

export async function measureDelivery(
  setting: TrialSetting,
  axes: DeliveryAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const { plan, floor, fleetCost = null, signal } = setting
  const { readers, sentinels, pollIntervalMs, distanceMs, eventsPerSecond } = axes
  const pushedBytes = floor?.kind === 'tcp' ? Buffer.byteLength(floor.base64, 'base64') : null
  const { elsewhere } = subject
  const setRoundTripMs = elsewhere?.roundTripMs ?? 2 * (distanceMs ?? 0)
  const session = createSession(setting, subject, load, {
    pushedBytes,
    pollIntervalMs,
    roundTripMs: setRoundTripMs,
  })
  const { technique } = session

  const fastest = axes.warmUpDeliveriesPerSecond / (readers * eventsPerSecond)
  const warmUpFactor = Math.max(1, Math.min(axes.warmUpFactor, fastest))

  await session.readIdle(axes.idleMs)
  const clock = await session.createFleet({
    ...(floor?.kind === 'tcp' ? { kind: 'plain' } : {}),
    readers,
    sentinels,
    pollIntervalMs: pollIntervalMs / warmUpFactor,
    ...(floor === null ? {} : { blindCursor: BLIND_CURSOR }),
  })
  const memory = axes.largeFanOut && elsewhere === undefined ? await openWithMemory() : await open(readers)
  await session.warmUp(axes.warmUpMs, eventsPerSecond * warmUpFactor)

  // No forced garbage collection here: it also throws away compiled code that has just become warm.
  await load.call('fleet.clearLatencies')
  await subject.takeScheduleLag()
  const before = { ...(await session.readCounters()), ...(await session.read()) }
  await load.call('fleet.resume', { pollIntervalMs })
  const endRoundTrips =
    distanceMs === null
      ? async () => elsewhere?.roundTripMs ?? 0
      : watchRoundTrip('127.0.0.1', subject.port, signal)
  // Only after one interval do polls bring as much as is published.
  const leadMs = asksAtIntervals(technique) ? pollIntervalMs : 0
  const published = await session.publishFor(axes.windowMs, eventsPerSecond, leadMs)
  const roundTripMs = await endRoundTrips()
  await session.rest()
  const after = { ...(await session.read()), ...(await session.readCounters()) }

  return deliveryFigures({
    arm: plan.arm,
    technique,
    pushedBytes,
    axes,
    ...published,
    loadProcesses: load.processes,
    fleetCost,
    memory,
    roundTripMs,
    scheduleLag: await subject.takeScheduleLag(),
    probed: elsewhere === undefined,
    idleCpuShare: session.idleCpuShare(),
    before,
    after,
    latencies: await load.call('fleet.latencies'),
    failures: await session.failures(),
    clocks: [clock, await subject.clock()],
  })

  async function open(count: number): Promise<null> {
    await load.call('fleet.open', { count, atOnce: axes.connectAtOnce })
    return null
  }

  /** Some connect before the first reading, so that what is allocated once is in both readings. */
  async function openWithMemory() {
    const first = Math.min(axes.connectAtOnce, readers - 1)
    await open(first)
    const part = await readMemory(first)
    await open(readers - first)
    return { part, all: await readMemory(readers) }
  }

  async function readMemory(connections: number) {
    await subject.settle()
    return { connections, probe: await subject.read() }
  }
}
