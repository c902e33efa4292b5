/** One trial: a fresh server (or floor) and a fresh load process, one technique, then nothing left over. */
import type { TrialCheck } from '../server/protocol/run.ts'
import type { LoadCommands } from './fleet/load-commands.ts'
import { createLoadGroup } from './fleet/load-group.ts'
import { check } from './judge/checks.ts'
import { failedTrial, judgeTrial, type Trial } from './judge/result.ts'
import { measureBurst } from './measure/burst.ts'
import { measureCapacity } from './measure/capacity.ts'
import { measureConnections } from './measure/connections.ts'
import { measureDelivery } from './measure/delivery.ts'
import { measureIdle } from './measure/idle.ts'
import type { Load, Measurement, TrialSetting } from './measure/measurement.ts'
import { measureReconnect } from './measure/reconnect.ts'
import { measureSlowReader } from './measure/slow-reader.ts'
import { measureThroughput } from './measure/throughput.ts'
import { startChild } from './processes/child.ts'
import { readListenOverflows, readSteal, stealSince } from './processes/machine.ts'
import { type AxesByKind, axesAt, type Kind, type Scenario, type Tier } from './scenarios/scenario.ts'
import { type ServerSubject, type Subject, startFloor, startServer } from './subjects/subject.ts'

export interface TrialPlan {
  readonly scenario: Scenario
  readonly tier: Tier
  readonly block: number
  readonly turn: number
}

type Measure<Axes> = (
  setting: TrialSetting,
  axes: Axes,
  subject: ServerSubject,
  load: Load,
) => Promise<Measurement>

/** How each kind is measured. Only deliveries are measured with a floor as well, which keeps no log. */
const MEASURES: { readonly [K in Kind]: Measure<AxesByKind[K]> } = {
  delivery: measureDelivery,
  throughput: measureThroughput,
  connections: measureConnections,
  idle: measureIdle,
  burst: measureBurst,
  capacity: measureCapacity,
  reconnect: measureReconnect,
  'slow-reader': measureSlowReader,
}

/** A trial that fails is a result: it rejects only when the run is broken off. */
export async function runTrial(plan: TrialPlan, setting: TrialSetting): Promise<Trial> {
  const { arm, as = null, at, twin = false } = setting.plan
  const startedAt = new Date()
  const beganMs = performance.now()
  const endMachineChecks = watchMachine()
  let measurement: Measurement | null = null
  let failure: string | null = null
  try {
    measurement = await measureWithProcesses(plan, setting)
  } catch (error) {
    setting.signal.throwIfAborted()
    failure = (error as Error).message
  }
  const taken = {
    scenario: plan.scenario.id,
    arm,
    as,
    at: at ?? null,
    twin,
    block: plan.block,
    turn: plan.turn,
    startedAt: startedAt.toISOString(),
    wallMs: Math.round(performance.now() - beganMs),
    axes: { ...axesAt(plan.scenario.axes[plan.tier], at) },
    values: measurement?.values ?? {},
    predictions: measurement?.predictions ?? {},
    checks: measurement === null ? [] : [...measurement.checks, ...endMachineChecks()],
    publishes: measurement?.publishes ?? null,
    histograms: measurement?.histograms ?? {},
    raw: measurement?.raw ?? {},
  }
  return failure === null ? judgeTrial(taken) : failedTrial(taken, failure)
}

/** What befell the machine meanwhile. */
function watchMachine(): () => TrialCheck[] {
  const steal = readSteal()
  const overflowsBefore = readListenOverflows()
  const aheadMs = wallAheadMs()
  return () => {
    const share = stealSince(steal)
    const overflowsAfter = readListenOverflows()
    const overflows =
      overflowsBefore === null || overflowsAfter === null ? null : overflowsAfter - overflowsBefore
    const movedMs = wallAheadMs() - aheadMs
    return [
      check('host-steal', share, { share }),
      check('listen-queue-full', overflows, { overflows }),
      check('clock-moved', movedMs, { movedMs }),
    ]
  }
}

function wallAheadMs(): number {
  return Date.now() - performance.now()
}

async function measureWithProcesses(
  { scenario, tier }: TrialPlan,
  setting: TrialSetting,
): Promise<Measurement> {
  const { pinning, signal, plan, injectedFaults } = setting
  const axes = axesAt<AxesByKind[Kind]>(scenario.axes[tier], plan.at)
  const load = createLoadGroup({
    start: () =>
      startChild<LoadCommands>({
        name: 'the load process',
        entry: './fleet/load.js',
        injectedFaults: injectedFaults?.load ?? [],
        core: pinning.loadCore,
        signal,
      }),
    shareCore: pinning.loadCore !== null,
  })
  let subject: Subject | null = null
  try {
    subject = await startSubject(axes, setting)
    const measure = MEASURES[scenario.kind] as Measure<AxesByKind[Kind]>
    return await measure(setting, axes, subject as ServerSubject, load)
  } finally {
    await load.stop()
    await subject?.stop()
  }
}

async function startSubject(
  { payloadBytes, ...axes }: AxesByKind[Kind],
  { floor, remote, seed, signal, pinning, injectedFaults }: TrialSetting,
): Promise<Subject> {
  if (floor !== null) return startFloor({ core: pinning.serverCore, signal, settings: floor })
  const timing = 'timing' in axes ? axes.timing : 'fixed'
  if (remote !== undefined) return remote.subject({ payloadBytes, timing }, signal)
  return startServer({
    core: pinning.serverCore,
    signal,
    injectedFaults: injectedFaults?.server ?? [],
    payloadBytes,
    seed,
    timing,
    distanceMs: 'distanceMs' in axes ? axes.distanceMs : null,
  })
}
