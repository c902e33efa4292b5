/** What is injected, and what the bench must read of it: the tests of the instrument itself. */

import type { SummaryRow } from '../../server/protocol/run.ts'
import { TECHNIQUES, traitsOf } from '../../server/protocol/techniques.ts'
import { MACHINE_CHECKS } from '../judge/checks.ts'
import type { Trial } from '../judge/result.ts'
import { summarize } from '../judge/summary.ts'
import type { TrialSetting } from '../measure/measurement.ts'
import { COMPILED_BENCH } from '../processes/child.ts'
import { DELIVERY_COUNTS, METRICS, type MetricId } from '../scenarios/metrics.ts'
import type { ConnectionsAxes, DeliveryAxes, Kind, Scenario, ScenarioOf } from '../scenarios/scenario.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import { runTrial } from '../trial.ts'
import { ANSWERS, type AnswerId, type Claim } from './outcome.ts'

export interface KnownAnswer {
  readonly id: AnswerId
  /** It reads CPU or memory, or uses much of it: nothing else runs meanwhile. */
  readonly alone: boolean
  /** At least so many pairs of trials, and at most so many where they lie too far apart to be read. */
  readonly pairs: readonly [least: number, most: number]
  /** What is read of the same pairs. */
  readonly expected: readonly Expected[]
  trial(injected: boolean, setting: KnownAnswerSetting): Promise<Trial>
}

export interface Expected extends Claim {
  figure(trial: Trial): number
}

export type KnownAnswerSetting = Pick<TrialSetting, 'seed' | 'pinning' | 'signal'>

/** The faults alter writes of an event stream, so that is what they are injected into. */
const ARM = TECHNIQUES.find(technique => traitsOf(technique).mediaType === 'text/event-stream')

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
 * A second in six at four tenths of the pace: three stalls in a window that a test can wait for, each so long that a
 * machine which wakes the server ten milliseconds late does not matter. At more than twice the pace, it does.
 */
const STALL = { ...ANSWERS.stall, afterMs: 200 } as const
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

/** Many connections: a heap that grows by a megabyte in one trial of the pair only is then a small part of it. */
const KEEPING: ConnectionsAxes = { steps: [0, 2_500, 5_000], warmUpConnections: 500, payloadBytes: 128 }

/** The counts of what went wrong are no figures of the technique: they are printed so that it is seen. */
const NO_FIGURE: Expected = {
  ...countOf('figures-printed', 0),
  figure: trial =>
    rowsOf(trial).filter(({ metric, value }) => value !== null && !DELIVERY_COUNTS.some(id => id === metric))
      .length,
}

export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    id: 'stall',
    alone: false,
    pairs: [1, 1],
    // A sixth of all events meets a stall, evenly spread over it. A tenth of all is 60 % of those, a hundredth 6 %.
    expected: [
      reading('figure', 'latency-p90', 0.4 * STALL.stallMs, 0.04 * STALL.stallMs),
      reading('figure', 'latency-p99', 0.94 * STALL.stallMs, 0.047 * STALL.stallMs),
    ],
    trial: (injected, setting) =>
      delivery(setting, STALLED, injected ? { server: faultModule('stall', STALL) } : {}),
  },
  {
    id: 'distance',
    // Beside the stalls half of the pairs read 53, and twice as many are needed.
    alone: true,
    pairs: [3, 12],
    expected: [reading('effect', 'latency-p50', ANSWERS.distance.distanceMs, 2)],
    trial: (injected, setting) =>
      delivery(setting, { ...QUIET, distanceMs: injected ? ANSWERS.distance.distanceMs : 0 }),
  },
  {
    id: 'burn',
    alone: true,
    pairs: [3, 12],
    expected: [reading('effect', 'cpu-per-delivery', ANSWERS.burn.burntUs, 1)],
    // The trial without has the fault with nothing burnt: standing between the server and its sockets costs a little.
    trial: (injected, setting) =>
      delivery(setting, BURNING, {
        server: faultModule('burn', { us: injected ? ANSWERS.burn.burntUs : 0 }),
      }),
  },
  {
    id: 'drop',
    alone: true,
    pairs: [1, 1],
    expected: [{ ...countOf('deliveries-lost', 1), figure: lostIn }, NO_FIGURE],
    trial: (injected, setting) =>
      delivery(
        setting,
        DROPPING,
        injected ? { server: faultModule('drop', { of: ANSWERS.drop.oneIn }) } : {},
      ),
  },
  {
    id: 'keep',
    alone: true,
    pairs: [3, 5],
    expected: [reading('effect', 'memory-per-connection', ANSWERS.keep.keptKb, 1)],
    trial: (injected, setting) =>
      connections(
        setting,
        injected ? { server: faultModule('keep', { bytes: ANSWERS.keep.keptKb * 1024 }) } : {},
      ),
  },
  {
    id: 'throttle',
    alone: true,
    pairs: [1, 1],
    expected: [
      {
        ...countOf('generator-bound-trials', 1),
        figure: ({ reasons }) => reasons.filter(({ code }) => code === 'generator-bound').length,
      },
      NO_FIGURE,
    ],
    trial: (injected, setting) =>
      delivery(
        setting,
        QUIET,
        injected ? { load: faultModule('throttle', { periodMs: 20, share: ANSWERS.throttle.share }) } : {},
      ),
  },
  {
    id: 'pad',
    alone: false,
    pairs: [2, 2],
    expected: [reading('effect', 'wire-down', ANSWERS.pad.paddedBytes, 1)],
    trial: (injected, setting) =>
      delivery(
        setting,
        QUIET,
        injected ? { server: faultModule('pad', { bytes: ANSWERS.pad.paddedBytes }) } : {},
      ),
  },
]

function reading(kind: Claim['kind'], id: MetricId, injected: number, tolerance: number): Expected {
  const figure = (trial: Trial) => trial.values[id] ?? Number.NaN
  return { of: id, unit: METRICS[id].unit, injected, tolerance, kind, figure }
}

/** What must be counted exactly. */
function countOf(of: Claim['of'], injected: number): Claim {
  return { of, unit: 'n', injected, tolerance: 0, kind: 'figure' }
}

/** Of modules that are preloaded into the two processes, the addresses. */
interface Injection {
  readonly server?: string
  readonly load?: string
}

/** Where Node loads a fault from, its settings included. */
function faultModule(name: AnswerId, settings: Readonly<Record<string, number>>): string {
  const address = new URL(`known-answers/injected-faults/${name}.js`, COMPILED_BENCH)
  for (const [setting, value] of Object.entries(settings)) address.searchParams.set(setting, String(value))
  return address.href
}

function delivery(
  setting: KnownAnswerSetting,
  axes: DeliveryAxes,
  injecting: Injection = {},
): Promise<Trial> {
  const scenario = scenarioOf('delivery')
  return run({ ...scenario, axes: { ...scenario.axes, quick: axes } }, setting, injecting)
}

function connections(setting: KnownAnswerSetting, injecting: Injection): Promise<Trial> {
  const scenario = scenarioOf('connections')
  return run({ ...scenario, axes: { ...scenario.axes, quick: KEEPING } }, setting, injecting)
}

/** The first of its kind. */
function scenarioOf<K extends Kind>(kind: K): ScenarioOf<K> {
  const scenario = SCENARIOS.find(candidate => candidate.kind === kind)
  if (scenario === undefined) throw new Error(`there is no scenario of the kind ${kind}`)
  return scenario as ScenarioOf<K>
}

async function run(
  scenario: Scenario,
  setting: KnownAnswerSetting,
  { server, load }: Injection,
): Promise<Trial> {
  if (ARM === undefined) throw new Error('there is no technique that sends an event stream')
  const trial = await runTrial(
    { scenario, tier: 'quick', block: 1, turn: 1 },
    {
      ...setting,
      plan: { arm: ARM },
      floor: null,
      injectedFaults: {
        server: server === undefined ? [] : [server],
        load: load === undefined ? [] : [load],
      },
    },
  )
  if (trial.verdict === 'failed')
    throw new Error(`a trial failed: ${String(trial.reasons[0]?.params['detail'])}`)
  return trial
}

/** As the rows of the summary say it. */
function lostIn(trial: Trial): number {
  const lossy = rowsOf(trial)
    .flatMap(({ reasons }) => reasons)
    .find(({ code }) => code === 'lossy')
  return Number(lossy?.params['lost'] ?? 0)
}

/**
 * With all the publishes that a percentile could need: what is missing then is what the checks refuse. Checks of the
 * machine are left out, since nothing was injected into it.
 */
function rowsOf(trial: Trial): SummaryRow[] {
  const checks = trial.checks.filter(({ code }) => !MACHINE_CHECKS.includes(code))
  return summarize([{ ...trial, publishes: 10_000, checks }], 1)
}
