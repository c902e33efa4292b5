/**
 * autocannon against a technique that polls: nothing new (304), a full batch (200), and a new connection for each
 * request; and, in alternating rounds with the fleet, what both can measure.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { traitsOf } from '../../server/protocol/techniques.ts'
import type { CannonCount, CannonSettings } from '../fleet/autocannon.ts'
import { check, checkConnections, type Part } from '../judge/checks.ts'
import {
  type CannonCounted,
  type Counted,
  checkAgreement,
  checkCannonCount,
  checkFleetCount,
  medianRound,
  type Round,
  ratioOf,
} from '../judge/instruments.ts'
import { createRandom, shuffle } from '../processes/random.ts'
import type { ThroughputAxes } from '../scenarios/scenario.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import type { ServerSubject } from '../subjects/subject.ts'
import type { Load, Measurement, TrialSetting } from './measurement.ts'
import { loopUtilization } from './readings.ts'
import { createSession } from './session.ts'

/** autocannon and the fleet, each as often and as long: every other pair begins with the other one. */
const PAIRS = 4
const ROUND_SHARE = 0.5
/** Part of the warm-up: only to see how many requests fill a window. */
const PACING_SHARE = 1 / 3
/** The fleet polls for this part of a round before it is timed. */
const SETTLING = 10

type Target = Omit<CannonSettings, 'amount'>

export async function measureThroughput(
  setting: TrialSetting,
  axes: ThroughputAxes,
  subject: ServerSubject,
  load: Load,
): Promise<Measurement> {
  const { signal } = setting
  const session = createSession(setting, subject, load)
  const { technique } = session
  const { endpoint } = traitsOf(technique)
  await subject.burst(axes.batchEvents)
  const { newest, beginning } = await subject.cursors()
  const common = { port: subject.port, connections: axes.connections }
  const plain: Target = { ...common, path: `${endpoint}?cursor=${newest}`, headers: {} }
  const nothingNew: Target = { ...plain, headers: { 'if-none-match': `"${newest}"` } }
  const fullBatch: Target = { ...common, path: `${endpoint}?cursor=${beginning}`, headers: {} }

  // Otherwise the one that comes first would meet a server that is not compiled yet.
  for (const target of [fullBatch, nothingNew]) {
    await load.call('cannon.fire', { ...target, amount: axes.warmUpRequests })
  }
  const [empty, full, both] = await inDrawnOrder(createRandom(setting.seed), [
    () => fireFor(axes.windowMs, nothingNew),
    () => fireFor(axes.windowMs, fullBatch),
    () => alternate(axes.windowMs * ROUND_SHARE),
  ])
  const opening = await openEach({ ...nothingNew, connections: axes.openingConnections })
  const rounds = {
    cannon: both.cannon.map(({ round }) => round),
    fleet: both.fleet.map(({ round }) => round),
  }
  const [byCannon, byFleet] = [medianRound(rounds.cannon), medianRound(rounds.fleet)]

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
      checkCannonCount('empty', [empty], '304'),
      checkServerFull('empty', empty.round),
      checkCannonCount('full', [full], '200'),
      checkServerFull('full', full.round),
      checkCannonCount('plain', both.cannon, '200'),
      checkServerFull('plain', byCannon),
      checkFleetCount(both.fleet),
      checkConnections(await session.failures(), 'fleet'),
      checkServerFull('fleet', byFleet),
      checkAgreement(rounds),
      checkCannonCount('opening', [opening], '304'),
    ],
    histograms: { emptyUs: empty.latencyUs, fullUs: full.latencyUs },
    raw: { empty, full, plain: both.cannon, byFleet: both.fleet, opening },
  }

  /** It ends by amount, so that no request is under way when it is counted: a short run before tells the amount. */
  async function fireFor(windowMs: number, target: Target): Promise<Shot> {
    return shoot({ ...target, amount: await amountFor(windowMs, target) }, 1)
  }

  async function amountFor(windowMs: number, target: Target): Promise<number> {
    const amount = Math.ceil(axes.warmUpRequests * PACING_SHARE)
    const pace = await load.call('cannon.fire', { ...target, amount })
    const perRound = Math.round((pace.total * windowMs) / pace.elapsedMs / target.connections)
    return Math.max(1, perRound) * target.connections
  }

  /**
   * The fleet does what autocannon does: as many connections, each sends its next request when it has the answer. Short
   * rounds, since one long window after the other would compare one second of the machine with another.
   */
  async function alternate(roundMs: number): Promise<{ cannon: Shot[]; fleet: FleetShot[] }> {
    const settings = { ...plain, amount: await amountFor(roundMs, plain) }
    await session.openFleet({
      readers: axes.connections,
      sentinels: 1,
      pollIntervalMs: 0,
      connectAtOnce: axes.connections,
    })
    await delay(roundMs, undefined, { signal })
    await session.rest()
    const cannon: Shot[] = []
    const fleet: FleetShot[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      if (pair % 2 === 1) fleet.push(await pollFor(roundMs))
      cannon.push(await shoot(settings, 1))
      if (pair % 2 === 0) fleet.push(await pollFor(roundMs))
    }
    return { cannon, fleet }
  }

  /** Counted from rest to rest, and timed in between. */
  async function pollFor(roundMs: number): Promise<FleetShot> {
    const countedBefore = await readCounts()
    await load.call('fleet.resume', { pollIntervalMs: 0 })
    await delay(roundMs / SETTLING, undefined, { signal })
    const before = await readBoth()
    await delay(roundMs, undefined, { signal })
    const after = await readBoth()
    await session.rest()
    const countedAfter = await readCounts()
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
      total: countedAfter.answers - countedBefore.answers,
      serverCounted: countedAfter.requests - countedBefore.requests,
    }
  }

  async function readCounts() {
    const { requests } = await subject.traffic(technique)
    const { answers } = await load.call('fleet.counts')
    return { requests, answers }
  }

  async function readBoth() {
    return { load: await session.readLoad(), ...(await session.read()) }
  }

  async function openEach(target: Target): Promise<Shot> {
    const oneEach = { ...target, amount: target.connections }
    await load.call('cannon.fire', oneEach)
    return shoot(oneEach, axes.openingRounds)
  }

  /** No forced garbage collection here: it throws away compiled code that has just become warm. */
  async function shoot(settings: CannonSettings, rounds: number): Promise<Shot> {
    const { requests } = await subject.traffic(technique)
    const from = { server: await subject.read(), load: await session.readLoad() }
    const counts: CannonCount[] = []
    for (let round = 0; round < rounds; round++) counts.push(await load.call('cannon.fire', settings))
    const to = { load: await session.readLoad(), server: await subject.read() }
    return sumUp(counts, from, to, (await subject.traffic(technique)).requests - requests)
  }
}

interface Shot extends CannonCounted {
  readonly elapsedMs: number
  readonly latencyUs: string
  readonly round: Round
}

interface FleetShot extends Counted {
  readonly round: Round
  readonly loadUtilization: number
}

interface Readings {
  readonly server: ProbeReading
  readonly load: ProbeReading
}

function checkServerFull(part: Part, { serverUtilization }: Round) {
  return check('server-not-full', serverUtilization, { part, share: serverUtilization })
}

/** One after another, in an order that differs between trials; the results are in the order given. */
async function inDrawnOrder<A, B, C>(
  random: () => number,
  [a, b, c]: readonly [() => Promise<A>, () => Promise<B>, () => Promise<C>],
): Promise<[A, B, C]> {
  const results: unknown[] = []
  for (const [index, run] of shuffle([...[a, b, c].entries()], random)) results[index] = await run()
  return results as [A, B, C]
}

function sumUp(counts: readonly CannonCount[], from: Readings, to: Readings, serverCounted: number): Shot {
  const sum = (key: 'total' | 'errors' | 'timeouts' | 'mismatches' | 'elapsedMs') =>
    counts.reduce((before, count) => before + count[key], 0)
  const statuses: Record<string, number> = {}
  for (const [status, n] of counts.flatMap(count => Object.entries(count.statuses))) {
    statuses[status] = (statuses[status] ?? 0) + n
  }
  const [total, elapsedMs] = [sum('total'), sum('elapsedMs')]
  return {
    total,
    statuses,
    errors: sum('errors'),
    timeouts: sum('timeouts'),
    mismatches: sum('mismatches'),
    elapsedMs,
    latencyUs: counts.at(-1)?.latencyUs ?? '',
    serverCounted,
    round: {
      perSecond: (total * 1000) / elapsedMs,
      serverCpuUsPerPoll: ((to.server.cpuMs - from.server.cpuMs) * 1000) / total,
      // Of the time in which requests were under way: while autocannon adds up its results, the server is idle.
      serverUtilization: Math.min(1, (to.server.loopActiveMs - from.server.loopActiveMs) / elapsedMs),
      loadSleepsPerPoll: (to.load.sleeps - from.load.sleeps) / total,
    },
  }
}
