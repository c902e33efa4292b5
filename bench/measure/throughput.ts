/**
 * autocannon against `/poll`: nothing new (304), a full batch (200), and a new connection for each request; and, in turns
 * with the fleet, what both can measure.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { CannonCount, CannonSettings } from '../fleet/autocannon.ts'
import { checkAgreement, middleOf, type Round, ratioOf } from '../judge/agreement.ts'
import { type Check, checkConnections, checkServerSaturated, percent } from '../judge/checks.ts'
import { createRandom, shuffle } from '../processes/random.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { ThroughputAxes } from '../scenarios/scenario.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import { loopUtilization } from './loop-utilization.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { openFleet } from './open-fleet.ts'
import { createStage } from './session.ts'

/** autocannon and the fleet, each as often and as long: every other pair begins with the other one. */
const PAIRS = 4
const ROUND_SHARE = 0.5
/** Of the warm-up: only to see how many requests fill a window. */
const PACING_SHARE = 1 / 3
/** A round's part that the fleet asks before it is timed. */
const SETTLING = 10

export async function measureThroughput(
  { seed, signal }: TrialSetting,
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
  const plainly = { ...nothingNew, headers: {} }

  // Whichever came first would otherwise have a server that is not compiled yet.
  for (const settings of [fullBatch, nothingNew]) {
    await load.call('cannon.fire', { ...settings, amount: axes.warmUpRequests })
  }
  const [empty, full, both] = await inDrawnOrder(createRandom(seed), [
    () => fireFor(axes.windowMs, nothingNew),
    () => fireFor(axes.windowMs, fullBatch),
    () => takeTurns(axes.windowMs * ROUND_SHARE),
  ])
  const opening = await open({ ...nothingNew, connections: axes.openingConnections })
  const rounds = {
    cannon: both.cannon.map(({ round }) => round),
    fleet: both.fleet.map(({ round }) => round),
  }
  const [byCannon, byFleet] = [middleOf(rounds.cannon), middleOf(rounds.fleet)]

  return {
    values: {
      'throughput-empty': empty.round.perSecond,
      'throughput-full': full.round.perSecond,
      'throughput-cannon': byCannon.perSecond,
      'throughput-fleet': byFleet.perSecond,
      'instruments-agree': ratioOf(rounds),
      'cpu-per-request-empty': empty.round.serverCpuUsPerPoll,
      'cpu-per-request-full': full.round.serverCpuUsPerPoll,
      'cpu-per-opening': opening.round.serverCpuUsPerPoll,
    },
    checks: [
      checkCannon('empty', [empty], '304', ['throughput-empty', 'cpu-per-request-empty']),
      checkServerSaturated('empty', empty.round.serverUtilization, ['throughput-empty']),
      checkCannon('full', [full], '200', ['throughput-full', 'cpu-per-request-full']),
      checkServerSaturated('full', full.round.serverUtilization, ['throughput-full']),
      checkCannon('plain', both.cannon, '200', ['throughput-cannon', 'instruments-agree']),
      checkServerSaturated('plain', byCannon.serverUtilization, ['throughput-cannon']),
      checkFleetCount(both.fleet),
      { ...checkConnections(await load.call('fleet.failures')), concerns: BY_FLEET },
      checkFleetSaturates(byFleet.serverUtilization),
      checkAgreement(rounds),
      checkCannon('opening', [opening], '304', ['cpu-per-opening']),
    ],
    publishes: null,
    histograms: { emptyUs: empty.latencyUs, fullUs: full.latencyUs },
    raw: { empty, full, plain: both.cannon, byFleet: both.fleet, opening },
  }

  /** A run ends by amount, so that nothing is under way when it is counted: a short one before says how many fill the window. */
  async function fireFor(windowMs: number, settings: Omit<CannonSettings, 'amount'>): Promise<Shot> {
    return shoot({ ...settings, amount: await amountFor(windowMs, settings) }, 1)
  }

  async function amountFor(windowMs: number, settings: Omit<CannonSettings, 'amount'>): Promise<number> {
    const amount = Math.ceil(axes.warmUpRequests * PACING_SHARE)
    const pace = await load.call('cannon.fire', { ...settings, amount })
    const perRound = Math.round((pace.total * windowMs) / pace.elapsedMs / settings.connections)
    return Math.max(1, perRound) * settings.connections
  }

  /**
   * The fleet does what autocannon does: as many connections, each asks again as soon as it is answered. In short turns,
   * since one long window after the other compares one second of the machine with another.
   */
  async function takeTurns(roundMs: number): Promise<BothShots> {
    const settings = { ...plainly, amount: await amountFor(roundMs, plainly) }
    await openFleet(load, subject, {
      kind: 'poll',
      readers: axes.connections,
      sentinels: 1,
      pollIntervalMs: 0,
      seed,
      connectAtOnce: axes.connections,
    })
    await delay(roundMs, undefined, { signal })
    await stage.rest()
    const cannon: Shot[] = []
    const fleet: FleetShot[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      if (pair % 2 === 1) fleet.push(await askFor(roundMs))
      cannon.push(await shoot(settings, 1))
      if (pair % 2 === 0) fleet.push(await askFor(roundMs))
    }
    return { cannon, fleet }
  }

  /** Counted from rest to rest, and timed in between. */
  async function askFor(roundMs: number): Promise<FleetShot> {
    const books = { ...(await stage.readBooks()), ...(await load.call('fleet.counts')) }
    await load.call('fleet.resume', { pollIntervalMs: 0 })
    await delay(roundMs / SETTLING, undefined, { signal })
    const before = await readBoth()
    await delay(roundMs, undefined, { signal })
    const after = await readBoth()
    await stage.rest()
    const counts = await load.call('fleet.counts')
    const { traffic } = await stage.readBooks()
    const polls = after.counts.answers - before.counts.answers
    const elapsedMs = after.probe.monotonicMs - before.probe.monotonicMs
    return {
      round: {
        perSecond: (polls * 1000) / elapsedMs,
        serverCpuUsPerPoll: ((after.probe.cpuMs - before.probe.cpuMs) * 1000) / polls,
        serverUtilization: loopUtilization(before.probe, after.probe),
        loadSleepsPerPoll: (after.load.sleeps - before.load.sleeps) / polls,
      },
      loadUtilization: loopUtilization(before.load, after.load),
      total: counts.answers - books.answers,
      serverCounted: (traffic?.requests ?? 0) - (books.traffic?.requests ?? 0),
    }
  }

  async function readBoth() {
    return { load: await load.call('probe.read'), ...(await stage.read()) }
  }

  async function open(settings: Omit<CannonSettings, 'amount'>): Promise<Shot> {
    const oneEach = { ...settings, amount: settings.connections }
    await load.call('cannon.fire', oneEach)
    return shoot(oneEach, axes.openingRounds)
  }

  async function shoot(settings: CannonSettings, rounds: number): Promise<Shot> {
    // No garbage is collected by force here: that throws away compiled code which has just become warm.
    const requests = (await subject.traffic('poll')).requests
    const from = { server: await subject.read(), load: await load.call('probe.read') }
    const counts: CannonCount[] = []
    for (let round = 0; round < rounds; round++) counts.push(await load.call('cannon.fire', settings))
    const to = { load: await load.call('probe.read'), server: await subject.read() }
    return sumUp(counts, from, to, (await subject.traffic('poll')).requests - requests)
  }
}

/** Its answers and the server's own count of them. */
interface Counted {
  readonly total: number
  readonly serverCounted: number
}

interface Shot extends CannonCount, Counted {
  readonly round: Round
}

interface FleetShot extends Counted {
  readonly round: Round
  readonly loadUtilization: number
}

interface BothShots {
  readonly cannon: readonly Shot[]
  readonly fleet: readonly FleetShot[]
}

interface Readings {
  readonly server: ProbeReading
  readonly load: ProbeReading
}

const BY_FLEET: readonly MetricId[] = ['throughput-fleet', 'instruments-agree']

/** One after the other, so that none has the same place in every trial; what they return stands as they were given. */
async function inDrawnOrder<A, B, C>(
  random: () => number,
  [a, b, c]: readonly [() => Promise<A>, () => Promise<B>, () => Promise<C>],
): Promise<[A, B, C]> {
  const results: unknown[] = []
  for (const [index, run] of shuffle([...[a, b, c].entries()], random)) results[index] = await run()
  return results as [A, B, C]
}

function sumUp(counts: readonly CannonCount[], from: Readings, to: Readings, serverCounted: number): Shot {
  const count = addUp(counts)
  const { total, elapsedMs } = count
  return {
    ...count,
    latencyUs: counts.at(-1)?.latencyUs ?? '',
    serverCounted,
    round: {
      perSecond: (total * 1000) / elapsedMs,
      serverCpuUsPerPoll: ((to.server.cpuMs - from.server.cpuMs) * 1000) / total,
      // Of the time in which requests were under way: while autocannon counts up, the server has nothing to do.
      serverUtilization: Math.min(1, (to.server.loopActiveMs - from.server.loopActiveMs) / elapsedMs),
      loadSleepsPerPoll: (to.load.sleeps - from.load.sleeps) / total,
    },
  }
}

function addUp(counts: readonly CannonCount[]): Omit<CannonCount, 'latencyUs'> {
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
  }
}

function countedBy(server: readonly Counted[]): number {
  return server.reduce((sum, { serverCounted }) => sum + serverCounted, 0)
}

/** autocannon's figure stands only if nothing went wrong and the server counted the same. */
function checkCannon(
  name: string,
  shots: readonly Shot[],
  status: string,
  concerns: readonly MetricId[],
): Check {
  const shot = { ...addUp(shots), serverCounted: countedBy(shots) }
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

/** The fleet's stands only if the server counted the same. */
export function checkFleetCount(shots: readonly Counted[]): Check {
  const total = shots.reduce((sum, shot) => sum + shot.total, 0)
  const serverCounted = countedBy(shots)
  return {
    name: 'answers to the fleet',
    value: total - serverCounted,
    threshold: 'refused unless 0',
    verdict: total === serverCounted ? 'ok' : 'refused',
    reason:
      total === serverCounted ? null : `The fleet counts ${total} answers, the server ${serverCounted}.`,
    concerns: BY_FLEET,
  }
}

function checkFleetSaturates(utilization: number): Check {
  const check = checkServerSaturated('the fleet', utilization, ['throughput-fleet'])
  const limit = `generator-bound: the server's core was busy only ${percent(utilization)} of the time, so this is the fleet's limit.`
  return { ...check, reason: check.verdict === 'ok' ? null : limit }
}
