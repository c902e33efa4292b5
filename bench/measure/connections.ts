/** Connections of one technique: opened one at a time, held while nothing happens, and closed all at once. */
import { setTimeout as delay } from 'node:timers/promises'
import { linearRegression, max, quantile, sum } from 'simple-statistics'
import { check, checkConnections, checkStraight } from '../judge/checks.ts'
import { readSocketMemory } from '../processes/machine.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { ConnectionsAxes } from '../scenarios/scenario.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { loopUtilization } from './readings.ts'
import { createSession } from './session.ts'

/** Longer than any trial: one request and then nothing is what "idle" means for polling. */
const NEVER_AGAIN_MS = 3_600_000
/** For the server to notice that all connections are closed, and as much more for each. */
const CLOSED_MS = 200
const CLOSED_MS_EACH = 0.2

export async function measureConnections(
  setting: TrialSetting,
  axes: ConnectionsAxes,
  subject: Subject,
  load: Load,
): Promise<Measurement> {
  const session = createSession(setting, subject, load)
  const [, ...steps] = axes.steps
  const open = axes.steps.at(-1) ?? 0
  await session.createFleet({
    readers: axes.warmUpConnections + open,
    sentinels: 1,
    pollIntervalMs: NEVER_AGAIN_MS,
  })
  await load.call('fleet.open', { count: axes.warmUpConnections, atOnce: 1 })

  const readings = [await readAt(0)]
  const openings = []
  for (const step of steps) {
    openings.push(await openUpTo(step))
    readings.push(await readAt(step))
  }
  const placeKnownMs = openings.flatMap(opening => opening.placeKnownMs)
  const loadUtilization = max(openings.map(opening => opening.loadUtilization))
  const openingCpuMs = sum(openings.map(({ cpuMs }) => cpuMs))
  const failures = await session.failures()
  const closing = await closeAll()
  const slopes = MEMORY.flatMap(([metric, bytesOf]) => {
    const points = readings.map(reading => [reading.connections, bytesOf(reading)] as const)
    return points.every(isKnown) ? [slopeOf(metric, points)] : []
  })
  return {
    values: {
      'connect-p50': quantile(placeKnownMs, 0.5),
      'connect-p90': quantile(placeKnownMs, 0.9),
      'connect-max': max(placeKnownMs),
      'cpu-per-connection': (openingCpuMs * 1000) / open,
      'cpu-per-closing': (closing.cpuMs * 1000) / closing.connections,
      ...Object.fromEntries(slopes.map(({ metric, slopeKb }) => [metric, slopeKb])),
    },
    checks: [
      checkConnections(failures),
      check('generator-bound', loadUtilization, { share: loadUtilization }),
      ...slopes.map(({ metric, slopeKb, stepsKb }) => checkStraight(slopeKb, stepsKb, metric)),
    ],
    raw: { readings, loadUtilization, closing },
  }

  async function openUpTo(count: number) {
    const from = { probe: await subject.read(), load: await session.readLoad() }
    const open = readings.at(-1)?.connections ?? 0
    const placeKnownMs = await load.call('fleet.open', { count: count - open, atOnce: 1 })
    return {
      placeKnownMs,
      loadUtilization: loopUtilization(from.load, await session.readLoad()),
      cpuMs: (await subject.read()).cpuMs - from.probe.cpuMs,
    }
  }

  async function closeAll() {
    const from = await subject.read()
    const connections = await load.call('fleet.cut')
    await delay(CLOSED_MS + connections * CLOSED_MS_EACH, undefined, { signal: setting.signal })
    const cpuMs = (await subject.read()).cpuMs - from.cpuMs
    return { connections, cpuMs, atRest: await readAt(0) }
  }

  async function readAt(connections: number): Promise<ConnectionsReading> {
    await subject.settle()
    return { connections, probe: await subject.read(), kernelTcpBytes: readSocketMemory() }
  }
}

type Point = readonly [connections: number, bytes: number]

function isKnown(point: readonly [number, number | null]): point is Point {
  return point[1] !== null
}

/** KB per connection: over all readings, and from each to the next. */
function slopeOf(metric: MetricId, points: readonly Point[]) {
  const kbPerConnection = (some: readonly Point[]) => linearRegression(some.map(point => [...point])).m / 1024
  return {
    metric,
    slopeKb: kbPerConnection(points),
    stepsKb: points.slice(1).map((_, index) => kbPerConnection(points.slice(index, index + 2))),
  }
}

/** At rest, after garbage was collected. */
interface ConnectionsReading {
  readonly connections: number
  readonly probe: ProbeReading
  /** The kernel's buffers for all TCP sockets of the machine, both ends of a loopback; `null`: not known. */
  readonly kernelTcpBytes: number | null
}

const MEMORY: readonly (readonly [MetricId, (reading: ConnectionsReading) => number | null])[] = [
  ['memory-per-connection', ({ probe }) => probe.rssBytes],
  ['heap-per-connection', ({ probe }) => probe.heapUsedBytes],
  ['external-per-connection', ({ probe }) => probe.externalBytes],
  ['kernel-per-connection', ({ kernelTcpBytes }) => kernelTcpBytes],
]
