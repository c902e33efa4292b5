import { beforeAll, describe, expect, test } from 'vitest'
import { type Arm, FLOORS } from '../../server/protocol/run.ts'
import { asksAtIntervals, isStream, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { FULL_TIMES } from '../faults/contract-times.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import { type ArmPlan, type AxesByKind, axesAt, type Kind, type Scenario } from '../scenarios/scenario.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import { type CapturedPayloads, capturePayloads } from '../subjects/captured-payload.ts'
import { startServer } from '../subjects/subject.ts'
import { runTrial } from '../trial.ts'

const PINNING = { serverCore: null, loadCore: null, description: 'none' }
const TIME_LIMIT_MS = 30_000

/** As short as it can be with something in each window. */
const TINY: { readonly [K in Kind]: Partial<AxesByKind[K]> } = {
  delivery: {
    readers: 3,
    sentinels: 3,
    eventsPerSecond: 40,
    pollIntervalMs: 47,
    idleMs: 20,
    warmUpMs: 100,
    warmUpFactor: 1,
    windowMs: 300,
  },
  throughput: {
    connections: 3,
    warmUpRequests: 60,
    windowMs: 60,
    openingConnections: 3,
    openingRounds: 1,
  },
  connections: { steps: [0, 5, 10], warmUpConnections: 5 },
  idle: {
    readers: 3,
    pollIntervalMs: 50,
    idleMs: 20,
    restMs: 20,
    holdWindowMs: 200,
    heartbeatWindowMs: 200,
    pollWindowMs: 200,
  },
  burst: {
    readers: 3,
    sentinels: 3,
    pollIntervalMs: 47,
    idleMs: 20,
    burstEvents: 5,
    warmUpBursts: 1,
    bursts: 2,
  },
  // The queue of a hundred thousand events a second grows before anyone reads a second of it.
  capacity: {
    readers: 3,
    sentinels: 3,
    warmUpMs: 100,
    firstEventsPerSecond: 50_000,
    probeMs: 100,
    resolution: 1,
  },
  reconnect: { readers: 3, pollIntervalMs: 47, idleMs: 20, missedEvents: 3, rounds: 1 },
  'slow-reader': { readers: 3, warmUpMs: 100, windowMs: 600 },
}

const LATENCY: readonly MetricId[] = ['latency-p50', 'latency-p90', 'latency-p99', 'latency-max']
const LAG: readonly MetricId[] = ['schedule-lag-p50', 'schedule-lag-max']
const WIRE: readonly MetricId[] = [
  ...(['wire-down', 'wire-payload', 'wire-framing', 'wire-headers', 'wire-up'] as const),
  'requests-per-event',
]

/** What a trial of each kind measures, whatever the technique. */
const DECLARED: { readonly [K in Kind]: readonly MetricId[] } = {
  delivery: [
    ...LATENCY,
    ...LAG,
    ...(['completion-p50', 'completion-p90', 'completion-p99', 'completion-max'] as const),
    ...(['completeness', 'lost', 'repeated', 'disordered'] as const),
    ...WIRE,
  ],
  throughput: [
    ...(['throughput-empty', 'throughput-full', 'throughput-cannon', 'throughput-fleet'] as const),
    ...(['instruments-agree', 'cpu-per-request-empty', 'cpu-per-request-full', 'cpu-per-opening'] as const),
  ],
  connections: [
    ...(['connect-p50', 'connect-p90', 'connect-max', 'cpu-per-connection', 'cpu-per-closing'] as const),
    ...(['memory-per-connection', 'heap-per-connection', 'external-per-connection'] as const),
  ],
  idle: ['idle-requests', 'idle-bytes', 'idle-cpu'],
  burst: ['burst-p50', 'burst-max', 'cpu-per-delivery'],
  capacity: ['capacity-deliveries', 'capacity-events', 'capacity-cpu'],
  reconnect: ['return-p50', 'return-p90', 'return-max', 'cpu-per-return'],
  'slow-reader': [...LATENCY, ...LAG],
}

const ONCE = { tier: 'quick', block: 1, turn: 1 } as const

interface Cell {
  readonly scenario: Scenario
  readonly plan: ArmPlan
  readonly axes: AxesByKind[Kind]
}

/** Every scenario and arm. Some scenarios differ from another in nothing that is left when they are tiny. */
const ALL_CELLS = [
  ...new Map(
    SCENARIOS.toReversed().flatMap(scenario =>
      armsOf(scenario).map((plan): readonly [string, readonly [string, Cell]] => {
        const axes = { ...scenario.axes.quick, ...TINY[scenario.kind] }
        const name = [scenario.id, plan.arm, plan.as ?? ''].join(' ').trim()
        return [JSON.stringify([plan, axes]), [name, { scenario, plan, axes }]]
      }),
    ),
  ).values(),
]

/** The short form has every arm of `delivery`, and of each other scenario one arm: another technique in each. */
const CELLS = FULL_TIMES
  ? ALL_CELLS
  : SCENARIOS.flatMap((scenario, index) => {
      const cells = ALL_CELLS.filter(([, cell]) => cell.scenario.id === scenario.id)
      return scenario.id === 'delivery' ? cells : cells.slice(index % cells.length).slice(0, 1)
    })

let turn: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()]
let captured: CapturedPayloads
beforeAll(async () => {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  const server = await startServer({ core: null, signal, payloadBytes: 128, seed: 1 })
  captured = await capturePayloads(server, 1).finally(() => server.stop())
})

describe.concurrent('a trial measures what it declares:', () => {
  test.each(CELLS)('%s', { timeout: 4 * TIME_LIMIT_MS }, async (_name, { scenario, plan, axes }) => {
    const trial = await inTurn(() =>
      runTrial(
        { scenario: { ...scenario, axes: { ...scenario.axes, quick: axes } } as Scenario, ...ONCE },
        {
          plan,
          floor: plan.as === undefined ? null : captured[plan.as],
          seed: 1,
          pinning: PINNING,
          signal: AbortSignal.timeout(TIME_LIMIT_MS),
        },
      ),
    )
    expect(trial.verdict, JSON.stringify(trial.reasons)).not.toBe('failed')
    expect(trial.checks.length).toBeGreaterThan(3)
    // On a machine that is busy with other tests the search may find no rate that passes.
    if (trial.checks.some(({ code }) => code === 'no-rate-passed')) return
    const missing = metricsOf(scenario, plan).filter(id => !Number.isFinite(trial.values[id]))
    expect(missing, JSON.stringify(trial.reasons)).toEqual([])
  })
})

/** Two trials at a time: each is two processes, and most of a tiny trial is waiting. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const [next = Promise.resolve(), ...others] = turn
  const result = next.then(run, run)
  turn = [...others, result]
  return result
}

/** One of each arm, at the first place on its axis that is not zero. The number of readers is the test's own. */
function armsOf({ arms }: Scenario): ArmPlan[] {
  const single = arms.filter(({ twin, at }) => twin !== true && at?.value !== 0).reverse()
  const byArm = new Map(single.map(plan => [`${plan.arm} ${plan.as}`, plan]))
  return [...byArm.values()].map(({ at, ...plan }) =>
    at === undefined || at.axis === 'readers' ? plan : { ...plan, at },
  )
}

function metricsOf({ kind, axes: { quick } }: Scenario, { arm, as, at }: ArmPlan): readonly MetricId[] {
  const technique = as ?? (arm as Technique)
  const axes: Partial<AxesByKind['delivery']> = axesAt(quick, at)
  const cpuKnown = kind === 'delivery' && (axes.distanceMs ?? null) === null
  const cost: readonly MetricId[] = [
    ...(cpuKnown && arm !== 'http' ? (['cpu-per-delivery'] as const) : []),
    ...(cpuKnown && !isStream(technique) ? (['cpu-per-request'] as const) : []),
  ]
  if (isFloor(arm)) return cost
  return [
    ...DECLARED[kind],
    ...cost,
    ...(kind === 'delivery' && asksAtIntervals(technique) ? (['latency-mean'] as const) : []),
    ...(axes.largeFanOut === true ? (['delivery-p99', 'memory-per-connection'] as const) : []),
    ...(kind === 'slow-reader' && at?.value !== 0
      ? (['held-per-slow-reader', 'slow-readers-cut'] as const)
      : []),
  ]
}

function isFloor(arm: Arm): boolean {
  return FLOORS.some(floor => floor === arm)
}

test('every technique is measured in some scenario, with its floor', () => {
  const arms = SCENARIOS.flatMap(scenario => scenario.arms)
  for (const technique of TECHNIQUES) {
    expect(arms.some(({ arm }) => arm === technique)).toBe(true)
    expect(arms.some(({ as }) => as === technique)).toBe(true)
  }
})
