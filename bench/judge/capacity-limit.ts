/** The search for a limit: which rates passed, and what the lowest rate that failed says about the server. */
import type { TrialCheck } from '../../server/protocol/run.ts'
import type { CapacityAxes } from '../scenarios/scenario.ts'
import { check, HOST_STEAL, LOAD_UTILIZATION, SERVER_UTILIZATION } from './checks.ts'

/** What came of one rate. */
export interface ProbeOutcome {
  /** For how long the source was on. */
  readonly publishedMs: number
  /** Everything that was published was delivered, once and in order. */
  readonly complete: boolean
  readonly delivered: number
  readonly p99Ms: number
  /** By how much later events were read at the end than at half-time: a queue that grows. */
  readonly lagGrowthMs: number
  /** From the last event until all readers had everything. */
  readonly drainMs: number
  readonly cpuMs: number
  readonly loadUtilization: number
  /** The share of the machine's time that the host took meanwhile; `null`: not known. */
  readonly stealShare: number | null
}

/** One rate tried. */
export interface Probe extends ProbeOutcome {
  readonly eventsPerSecond: number
  readonly deliveriesPerSecond: number
  readonly cpuUsPerDelivery: number
  readonly passed: boolean
  /** The load process was too busy: this was its limit, not the server's. */
  readonly generatorBound: boolean
  /** It failed while the host took time for others: that says nothing about the server. */
  readonly isVoid: boolean
}

/** A rate that is 5 % too much adds 30 ms between the two looks at the shortest probe; chance adds some as well. */
const LAG_GROWTH_MAX_MS = 20

/** Whether the server keeps up with a rate, or whether the probe says nothing. */
export function judgeProbe(
  outcome: ProbeOutcome,
  eventsPerSecond: number,
  { limitP99Ms }: Pick<CapacityAxes, 'limitP99Ms'>,
): Probe {
  const { publishedMs, delivered } = outcome
  const generatorBound = outcome.loadUtilization >= LOAD_UTILIZATION.refuseFrom
  const passed =
    !generatorBound &&
    outcome.complete &&
    outcome.p99Ms <= limitP99Ms &&
    outcome.lagGrowthMs <= LAG_GROWTH_MAX_MS &&
    outcome.drainMs <= 2 * limitP99Ms
  return {
    eventsPerSecond,
    ...outcome,
    deliveriesPerSecond: (delivered * 1000) / publishedMs,
    cpuUsPerDelivery: (outcome.cpuMs * 1000) / delivered,
    passed,
    generatorBound,
    // On two cores and in two seconds that is 80 ms, which break the limit by themselves.
    isVoid: !passed && (outcome.stealShare ?? 0) > HOST_STEAL.flagAbove,
  }
}

/** The last rate that passed, which is the highest. */
export function bestOf<P extends Pick<Probe, 'passed'>>(probes: readonly P[]): P | null {
  return probes.filter(({ passed }) => passed).at(-1) ?? null
}

/** The limit is the server's only if the lowest rate that failed failed because of the server. */
export function checkLimit(probes: readonly Probe[]): readonly TrialCheck[] {
  const [first] = probes
  const best = bestOf(probes)
  const limit = limitOf(probes)
  if (best === null) {
    const eventsPerSecond = first?.eventsPerSecond ?? null
    return [check(limit?.isVoid ? 'host-took-first-rate' : 'no-rate-passed', null, { eventsPerSecond })]
  }
  // A limit that the load process set has a check of its own.
  const deciding = limit === null || limit.generatorBound ? [best] : [best, limit]
  const share = Math.max(...deciding.map(({ loadUtilization }) => loadUtilization))
  return [checkFound(best, limit, probes), check('generator-bound', share, { share })]
}

function checkFound(best: Probe, limit: Probe | null, probes: readonly Probe[]): TrialCheck {
  const { eventsPerSecond } = best
  if (limit === null) {
    const rates = new Set(probes.map(probe => probe.eventsPerSecond)).size
    return check('no-rate-failed', eventsPerSecond, { rates })
  }
  if (limit.generatorBound) {
    // Both may be full at once: then it may be the limit of either.
    const serverFull = limit.cpuMs / (limit.publishedMs + limit.drainMs) >= SERVER_UTILIZATION.flagBelow
    return check('load-limits-capacity', eventsPerSecond, { eventsPerSecond, serverFull })
  }
  return check(limit.isVoid ? 'host-limits-capacity' : 'limit-found', eventsPerSecond, { eventsPerSecond })
}

/** The last probe of the lowest rate that did not pass. A rate that was void before it passed is not the limit. */
function limitOf(probes: readonly Probe[]): Probe | null {
  const beyond = bestOf(probes)?.eventsPerSecond ?? 0
  const failed = probes.filter(({ passed, eventsPerSecond }) => !passed && eventsPerSecond > beyond)
  const lowest = Math.min(...failed.map(({ eventsPerSecond }) => eventsPerSecond))
  return failed.filter(({ eventsPerSecond }) => eventsPerSecond === lowest).at(-1) ?? null
}
