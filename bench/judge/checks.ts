/**
 * The instrument's doubts about itself. One table holds all of them: the limits, the metrics that each speaks about,
 * and what becomes of a figure. Each trial carries the checks that apply to it, with their values and limits.
 */
import type { Params, SummaryRow, TrialCheck, Verdict } from '../../server/protocol/run.ts'
import { DELIVERY_COUNTS, METRIC_IDS, type MetricId, TIMED_METRICS } from '../scenarios/metrics.ts'

/**
 * `…From` is exceeded from the limit on, `…Above` and `…Below` beyond it, `…Beyond` by the magnitude. Limits with other
 * names only explain a check.
 */
type Limits = Readonly<Record<string, number>>

interface CheckDefinition {
  readonly limits: Limits
  /** The verdict where no limit decides: such a check is made only where it is so. */
  readonly verdict?: TrialCheck['verdict']
  readonly concerns: 'all' | readonly MetricId[] | ((params: Params) => readonly MetricId[] | 'all')
  /** It refuses absolute figures only: a ratio of two trials of one block is flagged. */
  readonly absolute?: true
  /** Where it is flagged, the truth is not below the figure, or not above it. */
  readonly bound?: NonNullable<SummaryRow['bound']>
}

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
const WIRE: readonly MetricId[] = [
  'wire-down',
  'wire-payload',
  'wire-framing',
  'wire-headers',
  'wire-up',
  'idle-bytes',
]
const CPU: readonly MetricId[] = ['cpu-per-delivery', 'cpu-per-request', 'times-floor']
const CAPACITY: readonly MetricId[] = ['capacity-deliveries', 'capacity-events']
const BY_FLEET: readonly MetricId[] = ['throughput-fleet', 'instruments-agree']

/** The figures of each part of a throughput trial, and the rate among them. */
const PARTS = {
  empty: { figures: ['throughput-empty', 'cpu-per-request-empty'], rate: 'throughput-empty' },
  full: { figures: ['throughput-full', 'cpu-per-request-full'], rate: 'throughput-full' },
  plain: { figures: ['throughput-cannon', 'instruments-agree'], rate: 'throughput-cannon' },
  fleet: { figures: BY_FLEET, rate: 'throughput-fleet' },
  opening: { figures: ['cpu-per-opening'], rate: 'cpu-per-opening' },
} as const satisfies Record<string, { readonly figures: readonly MetricId[]; readonly rate: MetricId }>
export type Part = keyof typeof PARTS

export const LOAD_UTILIZATION = { flagFrom: 0.7, refuseFrom: 0.85 } as const
/** A closed loop measures the server only while the server is the slower side. */
export const SERVER_UTILIZATION = { flagBelow: 0.95, refuseBelow: 0.85 } as const
export const HOST_STEAL = { flagAbove: 0.02, refuseAbove: 0.1 } as const
/** A difference of KB per connection that is too small to matter. */
const NEGLIGIBLE_KB = 0.1
/** The steps of a slope may lie this far apart, as a share of the slope. */
const STRAIGHTNESS = 0.25
/** Chance alone hardly ever moves a mean, or a count, this many standard deviations. */
const MEAN_DEVIATIONS = 4
const COUNT_DEVIATIONS = 5
const WAIT_TOLERANCE = 0.2
// A wait that is drawn evenly from 0 to T has the standard deviation T/√12, which is 1/√3 of its mean.
const WAITS_NEEDED = Math.ceil((MEAN_DEVIATIONS / WAIT_TOLERANCE) ** 2 / 3)

const CHECKS = {
  'connections-broken': {
    limits: { refuseAbove: 0 },
    concerns: ({ part }) => (part === 'fleet' ? BY_FLEET : 'all'),
  },
  'generator-bound': { limits: LOAD_UTILIZATION, concerns: 'all' },
  // Between bursts the load process rests, so its share of the time until the last read is what counts.
  'reading-dominates': { limits: { flagFrom: 0.7 }, concerns: ['burst-p50', 'burst-max'], bound: 'at-most' },
  // The generator of a closed loop is always busy: the rate is the server's only if the server was full.
  'server-not-full': { limits: SERVER_UTILIZATION, concerns: partRate, bound: 'at-least' },
  'fleet-near-limit': { limits: { flagAbove: 0.6, refuseAbove: 0.8 }, concerns: 'all' },
  lossy: { limits: { refuseAbove: 0 }, concerns: METRIC_IDS.filter(id => !DELIVERY_COUNTS.includes(id)) },
  'not-as-scheduled': { limits: { refuseAbove: 0 }, concerns: 'all' },
  'not-as-drawn': { limits: { refuseAbove: 0, chanceDeviations: COUNT_DEVIATIONS }, concerns: 'all' },
  // Below the uncertainty of the clocks, which the trial knows.
  'read-before-published': { limits: {}, concerns: LATENCY },
  'wait-off-theory': { limits: { refuseBeyond: WAIT_TOLERANCE, fromWaits: WAITS_NEEDED }, concerns: LATENCY },
  // Below the time that the writes take, which the run knows.
  'faster-than-writes': { limits: {}, concerns: LATENCY },
  'cost-drifts': { limits: { flagBeyond: 0.05 }, concerns: CPU },
  'near-idle': {
    limits: { flagAbove: 0.25, refuseAbove: 0.5 },
    concerns: ['cpu-per-delivery', 'cpu-per-request', 'idle-cpu'],
  },
  // Steps further apart than a share of the slope, which the trial knows.
  'not-straight': {
    limits: { straightShare: STRAIGHTNESS, negligibleKb: NEGLIGIBLE_KB },
    concerns: ({ metric }) => [metric as MetricId],
  },
  'bytes-down-disagree': { limits: { refuseBeyond: 0 }, concerns: WIRE },
  'bytes-up-disagree': { limits: { refuseBeyond: 0 }, concerns: WIRE },
  'host-steal': { limits: HOST_STEAL, concerns: TIMED_METRICS, absolute: true },
  // The server's event times follow a jump of the wall clock.
  'clock-moved': { limits: { refuseBeyond: 500 }, concerns: TIMED_METRICS },
  // Counted for the whole machine: no counter says whose connection had to wait.
  'listen-queue-full': { limits: { flagAbove: 0 }, concerns: TIMED_METRICS },
  'cannon-miscounts': { limits: { refuseAbove: 0 }, concerns: partFigures },
  'fleet-miscounts': { limits: { refuseBeyond: 0 }, concerns: BY_FLEET },
  'instruments-disagree': { limits: { flagBeyond: 0.1 }, concerns: ['throughput-cannon', ...BY_FLEET] },
  'limit-found': { limits: {}, verdict: 'ok', concerns: CAPACITY },
  // What a delivery costs at a rate is known all the same: only what lies beyond the rate is not.
  'load-limits-capacity': {
    limits: { loadShare: LOAD_UTILIZATION.refuseFrom },
    verdict: 'flagged',
    concerns: CAPACITY,
    bound: 'at-least',
  },
  'host-limits-capacity': {
    limits: { hostShare: HOST_STEAL.flagAbove },
    verdict: 'flagged',
    concerns: CAPACITY,
    bound: 'at-least',
  },
  'no-rate-passed': { limits: {}, verdict: 'refused', concerns: 'all' },
  'host-took-first-rate': {
    limits: { hostShare: HOST_STEAL.flagAbove },
    verdict: 'refused',
    concerns: 'all',
  },
  'no-rate-failed': { limits: {}, verdict: 'refused', concerns: 'all' },
} as const satisfies Record<string, CheckDefinition>

export type CheckCode = keyof typeof CHECKS
export const CHECK_CODES = Object.keys(CHECKS) as CheckCode[]

/** The checks of the machine, not of what is measured. */
export const MACHINE_CHECKS: readonly string[] = [
  'host-steal',
  'clock-moved',
  'listen-queue-full',
] satisfies CheckCode[]

/** `value`: `null`, or not a number, where it is not known; that is held against nothing. */
export function check(
  code: CheckCode,
  value: number | null,
  params: Params,
  ownLimits: Limits = {},
): TrialCheck {
  const { limits, verdict, concerns }: CheckDefinition = CHECKS[code]
  const known = value === null || Number.isNaN(value) ? null : value
  const held = roundedParams({ ...limits, ...ownLimits })
  return {
    code,
    value: known,
    limits: held,
    verdict: verdict ?? verdictOf(known, held),
    params: roundedParams(params),
    concerns: typeof concerns === 'function' ? concerns(params) : concerns,
  }
}

/** What the table says of a check beyond what is stored with it. */
export function traitsOfCheck({ code }: TrialCheck): Partial<Pick<CheckDefinition, 'absolute' | 'bound'>> {
  const definition: CheckDefinition | undefined = Object.hasOwn(CHECKS, code)
    ? CHECKS[code as CheckCode]
    : undefined
  return definition ?? {}
}

export interface DeliveryCounts {
  readonly expected: number
  readonly delivered: number
  readonly repeated: number
  readonly disordered: number
}

export function checkComplete({ expected, delivered, repeated, disordered }: DeliveryCounts): TrialCheck {
  const lost = expected - delivered
  return check('lossy', Math.abs(lost) + repeated + disordered, { expected, lost, repeated, disordered })
}

export function checkConnections(failures: readonly string[], part: Part | null = null): TrialCheck {
  const [first = null] = failures
  return check('connections-broken', failures.length, {
    count: failures.length,
    first,
    ...(part === null ? {} : { part }),
  })
}

/** CPU in milliseconds: all that the server spent in the window, and that without what the silent server spends. */
export function checkAboveIdle(netMs: number, grossMs: number): TrialCheck {
  const idleShare = 1 - netMs / grossMs
  return check('near-idle', idleShare, { idleShare })
}

/**
 * A slope says what one connection costs only if each step says the same. In KB per connection: `slope` over all
 * steps, and that of each of them.
 */
export function checkStraight(slopeKb: number, stepsKb: readonly number[], metric: MetricId): TrialCheck {
  const apart = Math.max(...stepsKb) - Math.min(...stepsKb)
  return check(
    'not-straight',
    apart,
    { metric, slopeKb, stepsKb },
    { flagAbove: Math.max(STRAIGHTNESS * Math.abs(slopeKb), NEGLIGIBLE_KB) },
  )
}

export function checkLatencyFloor(lowestMs: number | null, uncertaintyMs: number): TrialCheck {
  return check(
    'read-before-published',
    lowestMs,
    { earlyMs: lowestMs === null ? null : -lowestMs },
    { refuseBelow: -uncertaintyMs },
  )
}

/**
 * `intendedAt`: the publish times of one window in order. With fixed timing the schedule can be read from the events
 * themselves: if neighbours lie further apart than one period, a scheduled event was not published. And there must be
 * as many as fit into the time for which the source was on, which lies between `onMs.least` and `onMs.most`.
 */
export function checkSchedule(
  intendedAt: readonly number[],
  published: number,
  periodMs: number,
  onMs: { readonly least: number; readonly most: number },
): TrialCheck {
  const seen = intendedAt.length
  const spanned =
    seen === 0 ? 0 : Math.round(((intendedAt.at(-1) ?? 0) - (intendedAt[0] ?? 0)) / periodMs) + 1
  const fewest = Math.max(0, Math.floor(onMs.least / periodMs))
  const scheduled = Math.max(fewest, Math.min(spanned, Math.ceil(onMs.most / periodMs)))
  const amiss = Math.abs(published - scheduled) + Math.abs(published - seen)
  return check('not-as-scheduled', amiss, { scheduled, published, seen })
}

/**
 * With Poisson timing only the source knows the schedule: all that was published must have been seen, and the number
 * published must be one that a draw around `expected` gives, except once in a million.
 */
export function checkDraws(intendedAt: readonly number[], published: number, expected: number): TrialCheck {
  const seen = intendedAt.length
  const byChance = COUNT_DEVIATIONS * Math.sqrt(expected) + 1
  const amiss = Math.abs(published - seen) + Math.max(0, Math.abs(published - expected) - byChance)
  return check('not-as-drawn', amiss, { expected, published, seen })
}

/**
 * A poll that arrives on average later, or sooner, than half an interval and half a round trip was not polling.
 * `waits`: the independent waits behind the mean. With few of them, chance alone exceeds the limit.
 */
export function checkMeanWait(meanMs: number | null, predictedMs: number, waits: number): TrialCheck {
  const off = meanMs === null || waits < WAITS_NEEDED ? null : meanMs / predictedMs - 1
  return check('wait-off-theory', off, { meanMs, predictedMs, waits })
}

/** Half of the readers are written to before the reader in the middle is, and each write takes its time. */
export function checkBroadcastMedian(p50Ms: number, readers: number, writeUs: number): TrialCheck {
  const leastMs = ((readers / 2) * writeUs) / 1000 / 2
  return check('faster-than-writes', p50Ms, { p50Ms, leastMs, readers, writeUs }, { refuseBelow: leastMs })
}

export function checkBytes(direction: 'up' | 'down', serverBytes: number, readersBytes: number): TrialCheck {
  return check(`bytes-${direction}-disagree`, serverBytes - readersBytes, { serverBytes, readersBytes })
}

/** Deliveries per second: those of the trial, and those at which the fleet would be busy all the time. */
export function checkOffered(offered: number, taken: number): TrialCheck {
  return check('fleet-near-limit', offered / taken, { share: offered / taken })
}

const SEVERITY: readonly Verdict[] = ['ok', 'flagged', 'refused', 'failed']

/** `ok` where there is none. */
export function worst<V extends Verdict>(verdicts: readonly V[]): V | 'ok' {
  return verdicts.reduce<V | 'ok'>(
    (before, verdict) => (SEVERITY.indexOf(before) > SEVERITY.indexOf(verdict) ? before : verdict),
    'ok',
  )
}

function verdictOf(value: number | null, limits: Limits): TrialCheck['verdict'] {
  if (value === null) return 'ok'
  return exceeds('refuse') ? 'refused' : exceeds('flag') ? 'flagged' : 'ok'

  function exceeds(what: 'flag' | 'refuse'): boolean {
    const known = value ?? Number.NaN
    return (
      known >= (limits[`${what}From`] ?? Number.NaN) ||
      known > (limits[`${what}Above`] ?? Number.NaN) ||
      known < (limits[`${what}Below`] ?? Number.NaN) ||
      Math.abs(known) > (limits[`${what}Beyond`] ?? Number.NaN)
    )
  }
}

function partFigures({ part }: Params): readonly MetricId[] {
  return PARTS[part as Part].figures
}

function partRate({ part }: Params): readonly MetricId[] {
  return [PARTS[part as Part].rate]
}

/** Four digits say all that can be known; whole numbers stay as they are. */
function roundedParams<P extends Params>(params: P): P {
  const round = (param: unknown): unknown =>
    Array.isArray(param) ? param.map(round) : typeof param === 'number' ? rounded(param) : param
  return Object.fromEntries(Object.entries(params).map(([name, param]) => [name, round(param)])) as P
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4))
}
