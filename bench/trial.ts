/** One trial: a fresh server (or floor) and a fresh load process, one technique, then nothing left over. */

import type { LoadCommands } from './fleet/load-commands.ts'
import { createLoadGroup } from './fleet/load-group.ts'
import { type Check, checkClockKept, checkListenQueue, checkSteal } from './judge/checks.ts'
import type { Trial } from './judge/result.ts'
import { worst } from './judge/worst-verdict.ts'
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
import type { ArmPlan, Scenario, Tier } from './scenarios/scenario.ts'
import { type Subject, startFloor, startServer } from './subjects/subject.ts'

export interface TrialPlan {
  readonly scenario: Scenario
  readonly tier: Tier
  readonly block: number
  readonly turn: number
}

/** Never rejects but when the run is broken off: a trial that fails is a result. */
export async function runTrial(plan: TrialPlan, setting: TrialSetting): Promise<Trial> {
  const startedAt = new Date()
  const began = performance.now()
  const steal = readSteal()
  const overflows = readListenOverflows()
  const aheadMs = wallAheadMs()
  let measurement: Measurement | null = null
  let checks: readonly Check[] = []
  let failure: string | null = null
  try {
    measurement = await withProcesses(plan, setting)
    checks = [
      ...measurement.checks,
      checkSteal(stealSince(steal)),
      checkListenQueue(difference(overflows, readListenOverflows())),
      checkClockKept(wallAheadMs() - aheadMs),
    ]
  } catch (error) {
    setting.signal.throwIfAborted()
    failure = (error as Error).message
  }
  return {
    scenario: plan.scenario.id,
    arm: setting.plan.arm,
    as: setting.plan.as ?? null,
    at: setting.plan.at?.label ?? null,
    twin: setting.plan.twin ?? false,
    block: plan.block,
    turn: plan.turn,
    startedAt: startedAt.toISOString(),
    wallMs: Math.round(performance.now() - began),
    axes: { ...plan.scenario.axes[plan.tier], ...setting.plan.at?.axes },
    verdict: failure === null ? worst(checks.map(check => check.verdict)) : 'failed',
    reasons: failure === null ? checks.flatMap(({ reason }) => reason ?? []) : [failure],
    values: measurement?.values ?? {},
    predictions: measurement?.predictions ?? {},
    checks,
    publishes: measurement?.publishes ?? null,
    histograms: measurement?.histograms ?? {},
    raw: measurement?.raw ?? {},
  }
}

function wallAheadMs(): number {
  return Date.now() - performance.now()
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : to - from
}

async function withProcesses(trial: TrialPlan, setting: TrialSetting): Promise<Measurement> {
  const { pinning, signal } = setting
  const load = createLoadGroup({
    start: () =>
      startChild<LoadCommands>({
        name: 'the load process',
        entry: './fleet/load.js',
        injectedFaults: setting.injectedFaults?.load ?? [],
        core: pinning.loadCore,
        signal,
      }),
    shareCore: pinning.loadCore !== null,
  })
  let subject: Subject | null = null
  try {
    const start = await startSubject(trial, setting)
    subject = start.subject
    return await start.measure(load)
  } finally {
    await load.stop()
    await subject?.stop()
  }
}

interface Start {
  readonly subject: Subject
  measure(load: Load): Promise<Measurement>
}

async function startSubject({ scenario, tier }: TrialPlan, setting: TrialSetting): Promise<Start> {
  const { floor: settings, seed, signal, pinning, plan } = setting
  const place = { core: pinning.serverCore, signal, injectedFaults: setting.injectedFaults?.server ?? [] }
  if (scenario.kind === 'delivery' && settings !== null) {
    const axes = axesOf(scenario.axes, tier, plan)
    const floor = await startFloor({ ...place, settings })
    return { subject: floor, measure: load => measureDelivery(setting, axes, floor, load) }
  }
  if (scenario.kind === 'delivery') {
    const axes = axesOf(scenario.axes, tier, plan)
    const { payloadBytes, timing, distanceMs } = axes
    const server =
      setting.remote === undefined
        ? await startServer({ ...place, payloadBytes, seed, timing, distanceMs })
        : await setting.remote.subject({ payloadBytes, timing }, signal)
    return { subject: server, measure: load => measureDelivery(setting, axes, server, load) }
  }
  const server = await startServer({ ...place, payloadBytes: scenario.axes[tier].payloadBytes, seed })
  switch (scenario.kind) {
    case 'reconnect': {
      const axes = axesOf(scenario.axes, tier, plan)
      return { subject: server, measure: load => measureReconnect(setting, axes, server, load) }
    }
    case 'slow-reader': {
      const axes = axesOf(scenario.axes, tier, plan)
      return { subject: server, measure: load => measureSlowReader(setting, axes, server, load) }
    }
    case 'idle':
      return { subject: server, measure: load => measureIdle(setting, scenario.axes[tier], server, load) }
    case 'burst':
      return { subject: server, measure: load => measureBurst(setting, scenario.axes[tier], server, load) }
    case 'capacity':
      return { subject: server, measure: load => measureCapacity(setting, scenario.axes[tier], server, load) }
    case 'throughput':
      return {
        subject: server,
        measure: load => measureThroughput(setting, scenario.axes[tier], server, load),
      }
    case 'connections':
      return {
        subject: server,
        measure: load => measureConnections(setting, scenario.axes[tier], server, load),
      }
  }
}

/** The scenario's, and what the arm's place on the swept axis sets. */
function axesOf<Axes>(axes: Readonly<Record<Tier, Axes>>, tier: Tier, { at }: ArmPlan): Axes {
  return { ...axes[tier], ...at?.axes }
}
