/** What is injected, and what the bench must read of it: the tests of the instrument's own truth. */
import type { SummaryRow } from '../../server/protocol/run.ts'
import { MACHINE_CHECKS, TALLY } from '../judge/checks.ts'
import type { Trial } from '../judge/result.ts'
import { summarize } from '../judge/summary.ts'
import type { TrialSetting } from '../measure/measurement.ts'
import { METRICS, type MetricId } from '../scenarios/metrics.ts'
import type { ConnectionsAxes, DeliveryAxes, Scenario, ScenarioId } from '../scenarios/scenario.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import { runTrial } from '../trial.ts'
import { type InjectedFault, injectedFaultAddress } from './injected-fault.ts'
import type { Claim } from './reading.ts'

export interface KnownAnswer {
  readonly id: string
  /** What is injected. */
  readonly title: string
  /** It reads CPU or memory, or uses much of it: nothing else runs meanwhile. */
  readonly alone: boolean
  /** Pairs of trials at least, and at most where they lie too far apart to be read. */
  readonly pairs: readonly [least: number, most: number]
  /** What is read of the same pairs. */
  readonly expected: readonly Expected[]
  trial(injected: boolean, setting: Surroundings): Promise<Trial>
}

export interface Expected extends Claim {
  figure(trial: Trial): number
}

export type Surroundings = Pick<TrialSetting, 'seed' | 'pinning' | 'signal'>

const QUIET: DeliveryAxes = {
  readers: 10,
  sentinels: 10,
  eventsPerSecond: 40,
  timing: 'fixed',
  payloadBytes: 128,
  pollIntervalMs: 97,
  connectAtOnce: 8,
  distanceMs: null,
  idleMs: 100,
  warmUpMs: 300,
  warmUpFactor: 1,
  warmUpDeliveriesPerSecond: 100_000,
  windowMs: 1_000,
  largeFanOut: false,
}

/**
 * A second in six at four tenths of the pace: three stalls in a window that a test can wait for, each long enough that
 * a machine which wakes the server ten milliseconds late does not matter. At more than twice the pace, it does.
 */
const STALL = { stallMs: 400, everyMs: 2_400, afterMs: 200 } as const
const STALLED: DeliveryAxes = {
  ...QUIET,
  readers: 4,
  sentinels: 4,
  // 1,440 publishes, and the 99th percentile takes 1,000.
  eventsPerSecond: 200,
  windowMs: 3 * STALL.everyMs,
}

const BURNING: DeliveryAxes = {
  ...QUIET,
  readers: 100,
  sentinels: 5,
  eventsPerSecond: 150,
  connectAtOnce: 32,
  idleMs: 300,
  warmUpMs: 1_000,
  windowMs: 2_000,
}

/** 12,000 deliveries: one of them is the ten-thousandth. */
const DROPPING: DeliveryAxes = { ...QUIET, readers: 60, sentinels: 60, eventsPerSecond: 100, warmUpMs: 1_000 }
const DROPPED_OF = 10_000

/** So many that a heap which grows by a megabyte in one of the two, and not yet in the other, is a small part of it. */
const KEEPING: ConnectionsAxes = { steps: [0, 2_500, 5_000], warmUpConnections: 500, payloadBytes: 128 }
const KEPT_BYTES = 8 * 1024

/** The count of what was lost is no figure of the technique: it stands there to be seen. */
const TALLIED: readonly string[] = TALLY

const NO_FIGURE: Expected = {
  title: 'figures printed all the same',
  unit: 'n',
  injected: 0,
  tolerance: 0,
  kind: 'figure',
  figure: trial =>
    rowsOf(trial).filter(({ metric, value }) => value !== null && !TALLIED.includes(metric)).length,
}

const DISTANCE_MS = 50
const BURNT_US = 5
const PADDING_BYTES = 100

export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    id: 'stall',
    title: 'the server stands still for 400 ms in each 2.4 s',
    alone: false,
    pairs: [1, 1],
    // A sixth of all events meets a stall, evenly spread over it. A tenth of all is 60 % of those, a hundredth 6 %.
    expected: [
      { ...latencyTail('latency-p90'), injected: 0.4 * STALL.stallMs, tolerance: 0.04 * STALL.stallMs },
      { ...latencyTail('latency-p99'), injected: 0.94 * STALL.stallMs, tolerance: 0.047 * STALL.stallMs },
    ],
    trial: (injected, setting) =>
      delivery(setting, STALLED, injected ? { server: { name: 'stall', ...STALL } } : {}),
  },
  {
    id: 'distance',
    title: '50 ms more on the link, one way',
    // Beside the stalls half of the pairs read 53, and twice as many are needed.
    alone: true,
    pairs: [3, 12],
    expected: [effectOn('latency-p50', DISTANCE_MS, 2)],
    trial: (injected, setting) => delivery(setting, { ...QUIET, distanceMs: injected ? DISTANCE_MS : 0 }),
  },
  {
    id: 'burn',
    title: '5 µs of CPU burnt for each delivery',
    alone: true,
    pairs: [3, 12],
    expected: [effectOn('cpu-per-delivery', BURNT_US, 1)],
    // Without means with nothing burnt: standing between the server and its sockets costs a little by itself.
    trial: (injected, setting) =>
      delivery(setting, BURNING, { server: { name: 'burn', us: injected ? BURNT_US : 0 } }),
  },
  {
    id: 'drop',
    title: `one delivery in ${DROPPED_OF} thrown away`,
    alone: true,
    pairs: [1, 1],
    expected: [
      {
        title: 'deliveries reported lost',
        unit: 'n',
        injected: 1,
        tolerance: 0,
        kind: 'figure',
        figure: lost,
      },
      NO_FIGURE,
    ],
    trial: (injected, setting) =>
      delivery(setting, DROPPING, injected ? { server: { name: 'drop', of: DROPPED_OF } } : {}),
  },
  {
    id: 'keep',
    title: '8 KB kept for each connection',
    alone: true,
    pairs: [3, 5],
    expected: [effectOn('memory-per-connection', KEPT_BYTES / 1024, 1)],
    trial: (injected, setting) =>
      connections(setting, KEEPING, injected ? { server: { name: 'keep', bytes: KEPT_BYTES } } : {}),
  },
  {
    id: 'throttle',
    title: 'the load process is given 5 % of its time',
    alone: true,
    pairs: [1, 1],
    expected: [
      {
        title: 'called generator-bound',
        unit: 'n',
        injected: 1,
        tolerance: 0,
        kind: 'figure',
        figure: ({ reasons }) => reasons.filter(reason => reason.startsWith('generator-bound')).length,
      },
      NO_FIGURE,
    ],
    trial: (injected, setting) =>
      delivery(setting, QUIET, injected ? { load: { name: 'throttle', periodMs: 20, share: 0.05 } } : {}),
  },
  {
    id: 'pad',
    title: '100 bytes padded to each event',
    alone: false,
    pairs: [2, 2],
    expected: [effectOn('wire-down', PADDING_BYTES, 1)],
    trial: (injected, setting) =>
      delivery(setting, QUIET, injected ? { server: { name: 'pad', bytes: PADDING_BYTES } } : {}),
  },
]

function effectOn(id: MetricId, injected: number, tolerance: number): Expected {
  const { title, unit } = METRICS[id]
  return { title, unit, injected, tolerance, kind: 'effect', figure: figureOf(id) }
}

function latencyTail(id: MetricId): Omit<Expected, 'injected' | 'tolerance'> {
  const { title, unit } = METRICS[id]
  return { title, unit, kind: 'figure', figure: figureOf(id) }
}

function figureOf(id: MetricId): (trial: Trial) => number {
  return trial => trial.values[id] ?? Number.NaN
}

interface Injection {
  readonly server?: InjectedFault
  readonly load?: InjectedFault
}

function delivery(setting: Surroundings, axes: DeliveryAxes, injecting: Injection = {}): Promise<Trial> {
  const scenario = scenarioOf('delivery')
  if (scenario.kind !== 'delivery') throw new Error('the delivery scenario is of another kind')
  return run({ ...scenario, axes: { ...scenario.axes, quick: axes } }, setting, injecting)
}

function connections(setting: Surroundings, axes: ConnectionsAxes, injecting: Injection): Promise<Trial> {
  const scenario = scenarioOf('connections')
  if (scenario.kind !== 'connections') throw new Error('the connections scenario is of another kind')
  return run({ ...scenario, axes: { ...scenario.axes, quick: axes } }, setting, injecting)
}

function scenarioOf(id: ScenarioId): Scenario {
  const scenario = SCENARIOS.find(scenario => scenario.id === id)
  if (scenario === undefined) throw new Error(`there is no scenario ${id}`)
  return scenario
}

async function run(scenario: Scenario, setting: Surroundings, { server, load }: Injection): Promise<Trial> {
  const trial = await runTrial(
    { scenario, tier: 'quick', block: 1, turn: 1 },
    {
      ...setting,
      plan: { arm: 'sse' },
      floor: null,
      injectedFaults: {
        server: server === undefined ? [] : [injectedFaultAddress(server)],
        load: load === undefined ? [] : [injectedFaultAddress(load)],
      },
    },
  )
  if (trial.verdict === 'failed') throw new Error(`a trial failed: ${trial.reasons.join(' ')}`)
  return trial
}

/** As the summary's rows have it. */
function lost(trial: Trial): number {
  const reasons = rowsOf(trial).flatMap(row => row.reasons)
  return Number(/^lossy: .* (\d+) lost/m.exec(reasons.join('\n'))?.[1] ?? 0)
}

/**
 * As if it had all the publishes that a percentile could ask for: what is missing then is what the checks refuse. What
 * befell the machine is nobody's injectedFault, so that those checks are left out.
 */
function rowsOf(trial: Trial): SummaryRow[] {
  const checks = trial.checks.filter(({ name }) => !MACHINE_CHECKS.includes(name))
  return summarize([{ ...trial, publishes: 10_000, checks }], 1)
}
