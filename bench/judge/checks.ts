/** The instrument's doubts about itself: each trial carries every check with its value and its threshold. */
import type { Verdict } from '../../server/protocol/run.ts'
import { METRIC_IDS, type MetricId, TIMED_METRICS } from '../scenarios/metrics.ts'

export interface Check {
  readonly name: string
  readonly value: number | boolean | string | null
  /** When it is flagged and when refused, in words. */
  readonly threshold: string
  readonly verdict: Exclude<Verdict, 'failed'>
  /** Why it is not `ok`: a sentence. */
  readonly reason: string | null
  /** It refuses absolute figures only: a ratio of two trials of one block is flagged. */
  readonly absolute?: true
  /** The metrics it speaks about. */
  readonly concerns: 'all' | readonly MetricId[]
}

export const LOAD_UTILIZATION = { flag: 0.7, refuse: 0.85 } as const
/** A closed loop measures the server only while the server is the slower side. */
export const SERVER_UTILIZATION = { flag: 0.95, refuse: 0.85 } as const
export const STEAL_SHARE = { flag: 0.02, refuse: 0.1 } as const

/** Load offered ÷ what the fleet took from a server that costs nothing. */
export const OFFERED_SHARE = { flag: 0.6, refuse: 0.8 } as const

/** What a silent server spends ÷ what was spent: the difference of two such figures says little. */
export const IDLE_SHARE = { flag: 0.25, refuse: 0.5 } as const

export const SETTLED_DRIFT = 0.05

/** How far apart the steps of a slope may lie, as a share of it; and in KB what is too little to matter. */
export const STRAIGHTNESS = 0.25
const NEGLIGIBLE_KB = 0.1

export const POLL_MEAN_TOLERANCE = 0.2
/** So far from its mean, chance alone hardly ever goes. */
const CHANCE_DEVIATIONS = 4
const POISSON_DEVIATIONS = 5

const CPU: readonly MetricId[] = ['cpu-per-delivery', 'cpu-per-request', 'times-floor']
/** What was lost must be said just where something was. */
export const TALLY: readonly MetricId[] = ['completeness', 'lost', 'repeated', 'disordered']
const ALL_BUT_THE_TALLY = METRIC_IDS.filter(id => !TALLY.includes(id))
const WIRE: readonly MetricId[] = ['wire-down', 'wire-payload', 'wire-framing', 'wire-headers', 'wire-up']
const LATENCY: readonly MetricId[] = [
  'latency-p50',
  'latency-p90',
  'latency-p99',
  'latency-mean',
  'latency-max',
  'schedule-lag-p50',
  'schedule-lag-max',
  'delivery-p99',
  'completion-p50',
  'completion-p90',
  'completion-p99',
  'completion-max',
]

export interface Tally {
  readonly expected: number
  readonly delivered: number
  readonly repeated: number
  readonly disordered: number
}

export function checkComplete(tally: Tally): Check {
  const lost = tally.expected - tally.delivered
  const exact = lost === 0 && tally.repeated === 0 && tally.disordered === 0
  return {
    name: 'complete',
    value: tally.expected === 0 ? null : tally.delivered / tally.expected,
    threshold: 'every event once, in order',
    verdict: exact ? 'ok' : 'refused',
    reason: exact
      ? null
      : `lossy: of ${tally.expected} deliveries ${lost} lost, ${tally.repeated} repeated, ${tally.disordered} out of order.`,
    concerns: ALL_BUT_THE_TALLY,
  }
}

export function checkConnections(failures: readonly string[]): Check {
  return {
    name: 'connections whole',
    value: failures.length,
    threshold: 'refused beyond 0',
    verdict: failures.length === 0 ? 'ok' : 'refused',
    reason: failures.length === 0 ? null : `${failures.length} connections broke, the first: ${failures[0]}.`,
    concerns: 'all',
  }
}

export function checkLoadUtilization(utilization: number): Check {
  const verdict =
    utilization >= LOAD_UTILIZATION.refuse
      ? 'refused'
      : utilization >= LOAD_UTILIZATION.flag
        ? 'flagged'
        : 'ok'
  return {
    name: 'load utilization',
    value: utilization,
    threshold: `flagged from ${LOAD_UTILIZATION.flag}, refused from ${LOAD_UTILIZATION.refuse}`,
    verdict,
    reason:
      verdict === 'ok'
        ? null
        : `generator-bound: the load process was busy ${percent(utilization)} of the time.`,
    concerns: 'all',
  }
}

/**
 * For one burst at a time, between which the load process rests: how much of the time until the last read it was busy
 * with reading. Where that is most of it, it is the reading that was measured.
 */
export function checkReadersShare(share: number, concerns: readonly MetricId[]): Check {
  const most = share >= LOAD_UTILIZATION.flag
  return {
    name: "readers' share",
    value: share,
    threshold: `flagged from ${LOAD_UTILIZATION.flag}`,
    verdict: most ? 'flagged' : 'ok',
    reason: most
      ? `generator-bound: for ${percent(share)} of the time until the last read the load process was busy reading, so the time is an upper bound.`
      : null,
    concerns,
  }
}

/** For the closed loop, whose generator is always busy: the rate is the server's only if the server was full. */
export function checkServerSaturated(
  name: string,
  utilization: number,
  concerns: readonly MetricId[],
): Check {
  const verdict =
    utilization < SERVER_UTILIZATION.refuse
      ? 'refused'
      : utilization < SERVER_UTILIZATION.flag
        ? 'flagged'
        : 'ok'
  return {
    name: `server saturated, ${name}`,
    value: utilization,
    threshold: `flagged below ${SERVER_UTILIZATION.flag}, refused below ${SERVER_UTILIZATION.refuse}`,
    verdict,
    reason:
      verdict === 'ok'
        ? null
        : `generator-bound: the server's core was busy only ${percent(utilization)} of the time, so this is autocannon's limit.`,
    concerns,
  }
}

/** `drift`: CPU per unit in the second half of the window ÷ that in the first, less 1; NaN: one had none. */
export function checkSettled(drift: number): Check {
  const settled = Number.isNaN(drift) || Math.abs(drift) <= SETTLED_DRIFT
  return {
    name: 'settled',
    value: Number.isNaN(drift) ? null : drift,
    threshold: `flagged beyond ±${SETTLED_DRIFT}`,
    verdict: settled ? 'ok' : 'flagged',
    reason: settled
      ? null
      : `The second half of the window cost ${drift > 0 ? 'more' : 'less'} than the first (${percent(Math.abs(drift))}).`,
    concerns: CPU,
  }
}

/** CPU in milliseconds: all that the server spent in the window, and what of it the silent server would not have. */
export function checkAboveIdle(netMs: number, grossMs: number, concerns: readonly MetricId[]): Check {
  const share = 1 - netMs / grossMs
  const verdict = verdictBeyond(share, IDLE_SHARE)
  return {
    name: 'above idle',
    value: share,
    threshold: `flagged beyond ${IDLE_SHARE.flag}, refused beyond ${IDLE_SHARE.refuse}`,
    verdict,
    reason:
      verdict === 'ok'
        ? null
        : `The silent server spends ${share > 1 ? 'more' : 'nearly as much'}: what is left is mostly noise.`,
    concerns,
  }
}

/**
 * A slope says what one connection costs only if each step says the same. In KB per connection: `slope` over all
 * steps, and that of each of them.
 */
export function checkStraight(slope: number, steps: readonly number[], metric: MetricId): Check {
  const apart = Math.max(...steps) - Math.min(...steps)
  const straight = apart <= Math.max(STRAIGHTNESS * Math.abs(slope), NEGLIGIBLE_KB)
  return {
    name: `straight line, ${metric}`,
    value: apart,
    threshold: `flagged if the steps lie further apart than ${STRAIGHTNESS} of the slope over all, and than ${NEGLIGIBLE_KB} KB`,
    verdict: straight ? 'ok' : 'flagged',
    reason: straight
      ? null
      : `No straight line, so something else grew or shrank as well: step by step ${steps.map(step => step.toFixed(1)).join(', ')} KB.`,
    concerns: [metric],
  }
}

export function checkLatencyFloor(lowestMs: number | null, uncertaintyMs: number): Check {
  const impossible = lowestMs !== null && lowestMs < -uncertaintyMs
  return {
    name: 'no latency below zero',
    value: lowestMs,
    threshold: `refused below −${uncertaintyMs.toFixed(3)} ms, the uncertainty of the clocks`,
    verdict: impossible ? 'refused' : 'ok',
    reason: impossible ? `An event was read ${(-lowestMs).toFixed(3)} ms before it was published.` : null,
    concerns: LATENCY,
  }
}

/**
 * `intendedAt` are the publish times of one window in order. The timing is fixed, so the schedule can be read from
 * the events themselves: neighbours lie one period apart, or something that was scheduled was not published. And there
 * must be as many as fit into the time for which the source was on: at least `onMs.least`, at most `onMs.most`.
 */
export function checkSchedule(
  intendedAt: readonly number[],
  published: number,
  periodMs: number,
  onMs: { readonly least: number; readonly most: number },
): Check {
  const first = intendedAt[0] ?? 0
  const last = intendedAt.at(-1) ?? 0
  const spanned = intendedAt.length === 0 ? 0 : Math.round((last - first) / periodMs) + 1
  const fewest = Math.max(0, Math.floor(onMs.least / periodMs))
  const scheduled = Math.max(fewest, Math.min(spanned, Math.ceil(onMs.most / periodMs)))
  const kept = scheduled === published && published === intendedAt.length
  return {
    name: 'published as scheduled',
    value: published - scheduled,
    threshold: 'refused unless 0',
    verdict: kept ? 'ok' : 'refused',
    reason: kept
      ? null
      : `${scheduled} events were scheduled, ${published} published, ${intendedAt.length} seen.`,
    concerns: 'all',
  }
}

/**
 * For Poisson timing, whose schedule nobody but the source knows: everything that was published must have been seen,
 * and as much must have been published as a draw around `expected` gives, but for one in a million.
 */
export function checkDraws(intendedAt: readonly number[], published: number, expected: number): Check {
  const likely = Math.abs(published - expected) <= POISSON_DEVIATIONS * Math.sqrt(expected) + 1
  const kept = published === intendedAt.length && likely
  return {
    name: 'published as scheduled',
    value: published - intendedAt.length,
    threshold: `refused unless 0, and within ${POISSON_DEVIATIONS} standard deviations of what was asked for`,
    verdict: kept ? 'ok' : 'refused',
    reason: kept
      ? null
      : `${expected.toFixed(1)} events were to be expected, ${published} published, ${intendedAt.length} seen.`,
    concerns: 'all',
  }
}

/**
 * Physics: a poll is stale by half an interval and half a round trip on average, or it was not polling that was
 * measured. `waits` is how many independent waits the mean rests on: with few, chance alone goes beyond the limit.
 */
export function checkPollMean(meanMs: number | null, predictedMs: number, waits: number): Check {
  // A wait that is drawn evenly from 0 to T has the standard deviation T/√12, which is 1/√3 of its mean.
  const enough = Math.ceil((CHANCE_DEVIATIONS / POLL_MEAN_TOLERANCE) ** 2 / 3)
  const away = meanMs === null ? 0 : meanMs / predictedMs - 1
  const violated = waits >= enough && Math.abs(away) > POLL_MEAN_TOLERANCE
  return {
    name: 'poll mean as physics has it',
    value: meanMs,
    threshold: `refused beyond ±${percent(POLL_MEAN_TOLERANCE)} of T/2 + RTT/2 = ${predictedMs} ms, from ${enough} independent waits on (here ${waits})`,
    verdict: violated ? 'refused' : 'ok',
    reason: violated
      ? `Physics violated: the polls were ${meanMs?.toFixed(1)} ms late on average, and T/2 + RTT/2 is ${predictedMs} ms.`
      : null,
    concerns: LATENCY,
  }
}

/** Physics: half of the readers are written to before the reader in the middle is, and each write takes its time. */
export function checkBroadcastMedian(p50Ms: number, readers: number, writeUs: number): Check {
  const leastMs = ((readers / 2) * writeUs) / 1000 / 2
  const violated = p50Ms < leastMs
  return {
    name: 'broadcast median as physics has it',
    value: p50Ms,
    threshold: `refused below half of ${readers}/2 writes of ${writeUs.toFixed(1)} µs, ${leastMs.toFixed(3)} ms`,
    verdict: violated ? 'refused' : 'ok',
    reason: violated
      ? `Physics violated: the median reader had its event after ${p50Ms.toFixed(3)} ms, before half of the writes can have been made.`
      : null,
    concerns: LATENCY,
  }
}

export function checkBytes(
  direction: 'up' | 'down',
  server: number,
  client: number,
  concerns: readonly MetricId[] = WIRE,
): Check {
  const equal = server === client
  return {
    name: `bytes ${direction} agree`,
    value: server - client,
    threshold: 'refused unless 0',
    verdict: equal ? 'ok' : 'refused',
    reason: equal ? null : `The server counts ${server} bytes ${direction}, the readers ${client}.`,
    concerns,
  }
}

const STEAL = 'steal'
const CLOCK_KEPT = 'wall clock − monotonic clock, ms'
const LISTEN_QUEUE = 'listen queue overflows'
/** The names of the checks of the machine, not of what is measured. */
export const MACHINE_CHECKS: readonly string[] = [STEAL, CLOCK_KEPT, LISTEN_QUEUE]

export function checkSteal(share: number | null): Check {
  const verdict = verdictBeyond(share ?? 0, STEAL_SHARE)
  return {
    name: STEAL,
    value: share,
    threshold: `flagged beyond ${STEAL_SHARE.flag}, refused beyond ${STEAL_SHARE.refuse}`,
    verdict,
    reason:
      verdict === 'ok' ? null : `The host took ${percent(share ?? 0)} of the machine's time for others.`,
    absolute: true,
    concerns: TIMED_METRICS,
  }
}

const CLOCK_MOVED_MS = 500

/** How far the wall clock moved from the monotonic one during the trial: the server's event times follow a jump. */
export function checkClockKept(movedMs: number): Check {
  const moved = Math.abs(movedMs) > CLOCK_MOVED_MS
  return {
    name: CLOCK_KEPT,
    value: movedMs,
    threshold: `refused beyond ±${CLOCK_MOVED_MS}`,
    verdict: moved ? 'refused' : 'ok',
    reason: moved
      ? `The machine's clock moved by ${(movedMs / 1000).toFixed(1)} s during the trial: it slept, or its time was set.`
      : null,
    concerns: TIMED_METRICS,
  }
}

/** Of the whole machine: no other counter says for whom a connection came too many. */
export function checkListenQueue(overflows: number | null): Check {
  const full = overflows !== null && overflows > 0
  return {
    name: LISTEN_QUEUE,
    value: overflows,
    threshold: 'flagged unless 0',
    verdict: full ? 'flagged' : 'ok',
    reason: full
      ? `${overflows} connections found a full listen queue and waited for the kernel to try again: raise net.core.somaxconn.`
      : null,
    concerns: TIMED_METRICS,
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

/** Deliveries per second: those of the trial, and those at which the fleet would be busy all the time. */
export function checkOffered(offered: number, taken: number): Check {
  const share = offered / taken
  const verdict = verdictBeyond(share, OFFERED_SHARE)
  return {
    name: 'offered ÷ taken from a null server',
    value: share,
    threshold: `flagged beyond ${OFFERED_SHARE.flag}, refused beyond ${OFFERED_SHARE.refuse}`,
    verdict,
    reason:
      verdict === 'ok'
        ? null
        : `generator-bound: ${percent(share)} of what the fleet takes from a null server was offered.`,
    concerns: 'all',
  }
}

function verdictBeyond(
  share: number,
  { flag, refuse }: { readonly flag: number; readonly refuse: number },
): Check['verdict'] {
  return share > refuse ? 'refused' : share > flag ? 'flagged' : 'ok'
}
