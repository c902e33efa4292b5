/** autocannon against `/poll`: nothing new (304), a full batch (200), and a new connection for each request. */
import { setTimeout as delay } from 'node:timers/promises'
import type { CannonCount, CannonSettings } from '../autocannon.ts'
import { type Check, checkServerSaturated, percent } from '../check.ts'
import type { MetricId } from '../metric.ts'
import type { ProbeReading } from '../probe.ts'
import type { ThroughputAxes } from '../scenario.ts'
import type { ServerSubject } from '../subject.ts'
import { loopUtilization } from './loop-utilization.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './stage.ts'

/** How far two instruments may lie apart. */
const AGREEMENT = 0.1

export async function measureThroughput(
  { signal }: TrialSetting,
  axes: ThroughputAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  await subject.burst(axes.batchEvents)
  const stage = createStage({ technique: 'poll', subject, load, signal, pushedBytes: null, keepsLog: true })
  const { newest, beginning } = await subject.cursors()
  const common = { port: subject.port, connections: axes.connections }
  const nothingNew = {
    ...common,
    path: `/poll?cursor=${newest}`,
    headers: { 'if-none-match': `"${newest}"` },
  }
  const fullBatch = { ...common, path: `/poll?cursor=${beginning}`, headers: {} }

  const empty = await fireFor(axes.windowMs, nothingNew)
  const full = await fireFor(axes.windowMs, fullBatch)
  const plain = await fireFor(axes.windowMs, { ...nothingNew, headers: {} })
  const byFleet = await askByFleet()
  const opening = await open({ ...nothingNew, connections: axes.openingConnections })

  return {
    values: {
      'throughput-empty': empty.perSecond,
      'throughput-full': full.perSecond,
      'throughput-cannon': plain.perSecond,
      'throughput-fleet': byFleet.perSecond,
      'cpu-per-request-empty': empty.cpuUsPerRequest,
      'cpu-per-request-full': full.cpuUsPerRequest,
      'cpu-per-opening': opening.cpuUsPerRequest,
    },
    checks: [
      checkCannon('empty', empty, '304', ['throughput-empty', 'cpu-per-request-empty']),
      checkServerSaturated('empty', empty.serverUtilization, ['throughput-empty']),
      checkCannon('full', full, '200', ['throughput-full', 'cpu-per-request-full']),
      checkServerSaturated('full', full.serverUtilization, ['throughput-full']),
      checkCannon('plain', plain, '200', ['throughput-cannon']),
      checkAgreement(plain, byFleet),
      checkCannon('opening', opening, '304', ['cpu-per-opening']),
    ],
    publishes: null,
    histograms: { emptyUs: empty.latencyUs, fullUs: full.latencyUs },
    raw: { empty, full, plain, byFleet, opening },
  }

  /** A run ends by amount, so that nothing is under way when it is counted: the warm-up says how many fill the window. */
  async function fireFor(windowMs: number, settings: Omit<CannonSettings, 'amount'>): Promise<Shot> {
    const warmUp = await load.ask('cannon.fire', { ...settings, amount: axes.warmUpRequests })
    const perRound = Math.round((warmUp.total * windowMs) / warmUp.elapsedMs / settings.connections)
    return shoot({ ...settings, amount: Math.max(1, perRound) * settings.connections }, 1)
  }

  /** The fleet does what autocannon did: as many connections, each asks again as soon as it is answered. */
  async function askByFleet(): Promise<FleetShot> {
    await openFleet(load, subject, {
      kind: 'poll',
      readers: axes.connections,
      sentinels: 1,
      pollIntervalMs: 0,
      seed: 1,
      connectAtOnce: axes.connections,
    })
    await delay(axes.windowMs / 2, undefined, { signal })
    const before = await stage.read()
    const loadBefore = await load.ask('probe.read', null)
    await delay(axes.windowMs, undefined, { signal })
    const loadAfter = await load.ask('probe.read', null)
    const after = await stage.read()
    await load.ask('fleet.pause', null)
    const elapsedMs = after.probe.monotonicMs - before.probe.monotonicMs
    return {
      perSecond: ((after.counts.answers - before.counts.answers) * 1000) / elapsedMs,
      serverUtilization: loopUtilization(before.probe, after.probe),
      loadUtilization: loopUtilization(loadBefore, loadAfter),
    }
  }

  async function open(settings: Omit<CannonSettings, 'amount'>): Promise<Shot> {
    const oneEach = { ...settings, amount: settings.connections }
    await load.ask('cannon.fire', oneEach)
    return shoot(oneEach, axes.openingRounds)
  }

  async function shoot(settings: CannonSettings, rounds: number): Promise<Shot> {
    // No garbage is collected by force here: that throws away compiled code which has just become warm.
    const requests = (await subject.traffic('poll')).requests
    const from = await subject.read()
    const counts: CannonCount[] = []
    for (let round = 0; round < rounds; round++) counts.push(await load.ask('cannon.fire', settings))
    return sumUp(counts, from, await subject.read(), (await subject.traffic('poll')).requests - requests)
  }
}

interface FleetShot {
  readonly perSecond: number
  readonly serverUtilization: number
  readonly loadUtilization: number
}

interface Shot extends CannonCount {
  readonly perSecond: number
  readonly cpuUsPerRequest: number
  readonly serverUtilization: number
  readonly serverCounted: number
}

function sumUp(
  counts: readonly CannonCount[],
  from: ProbeReading,
  to: ProbeReading,
  serverCounted: number,
): Shot {
  const sum = (key: 'total' | 'errors' | 'timeouts' | 'mismatches' | 'elapsedMs') =>
    counts.reduce((total, count) => total + count[key], 0)
  const statuses: Record<string, number> = {}
  for (const count of counts) {
    for (const [status, n] of Object.entries(count.statuses)) statuses[status] = (statuses[status] ?? 0) + n
  }
  return {
    total: sum('total'),
    statuses,
    errors: sum('errors'),
    timeouts: sum('timeouts'),
    mismatches: sum('mismatches'),
    elapsedMs: sum('elapsedMs'),
    latencyUs: counts.at(-1)?.latencyUs ?? '',
    perSecond: (sum('total') * 1000) / sum('elapsedMs'),
    cpuUsPerRequest: ((to.cpuMs - from.cpuMs) * 1000) / sum('total'),
    serverUtilization: loopUtilization(from, to),
    serverCounted,
  }
}

/** Two instruments on one thing. Where they disagree, the slower one was its own limit, and says so. */
function checkAgreement(cannon: Shot, fleet: FleetShot): Check {
  const ratio = cannon.perSecond / fleet.perSecond
  const agree = Math.abs(ratio - 1) <= AGREEMENT
  return {
    name: 'autocannon and the fleet agree',
    value: ratio,
    threshold: `flagged beyond ${percent(AGREEMENT)}`,
    verdict: agree ? 'ok' : 'flagged',
    reason: agree
      ? null
      : `autocannon got ${cannon.perSecond.toFixed(0)} polls/s with the server's core busy ${percent(cannon.serverUtilization)} of the time, the fleet ${fleet.perSecond.toFixed(0)} with ${percent(fleet.serverUtilization)}. The fleet asks second, of a server that is warmer; where a core was not full, its load process was the limit.`,
    concerns: ['throughput-cannon', 'throughput-fleet'],
  }
}

/** autocannon's figure stands only if nothing went wrong and the server counted the same. */
function checkCannon(name: string, shot: Shot, status: string, concerns: readonly MetricId[]): Check {
  const others = shot.total - (shot.statuses[status] ?? 0)
  const faults = shot.errors + shot.timeouts + shot.mismatches + others
  const sound = faults === 0 && shot.total === shot.serverCounted
  return {
    name: `autocannon ${name}`,
    value: shot.total - shot.serverCounted,
    threshold: `refused unless 0, all of them ${status}, no errors, no timeouts`,
    verdict: sound ? 'ok' : 'refused',
    reason: sound
      ? null
      : `autocannon counts ${shot.total} answers (${others} not ${status}, ${shot.errors} errors, ${shot.timeouts} timeouts), the server ${shot.serverCounted}.`,
    concerns,
  }
}
