/** The scenarios of the table that run: those that the command line names, with the axes that it sets. */
import type { Fact, Place } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { fact } from '../facts.ts'
import type { BenchOptions } from '../options.ts'
import {
  type ArmPlan,
  axesAt,
  type DeliveryAxes,
  type Scenario,
  type ScenarioId,
  type Tier,
} from './scenario.ts'
import { SCENARIOS } from './table.ts'

export class NothingToRun extends Error {
  readonly skipped: readonly Fact[]

  constructor(skipped: readonly Fact[]) {
    super('nothing is left to run')
    this.skipped = skipped
  }
}

export interface Choice {
  readonly scenarios: readonly Scenario[]
  /** What was named and does not run, and why. */
  readonly skipped: readonly Fact[]
  /** The scenarios with an axis that differs from the table. */
  readonly changed: readonly ScenarioId[]
}

/** Throws `NothingToRun`. */
export function chooseScenarios(options: BenchOptions): Choice {
  const { scenarios: named, techniques, tier } = options
  const candidates = SCENARIOS.filter(({ id, blocks }) => named?.includes(id) ?? blocks[tier] > 0)
  const skipped: Fact[] = []
  const scenarios = candidates.flatMap((scenario): Scenario[] => {
    const chosen = withArms(scenario, techniques, tier)
    if (chosen.arms.length === 0) {
      const measured = techniquesOf(scenario)
      skipped.push(fact('scenario-left-out', { scenario: scenario.id, techniques: measured }))
      return []
    }
    const set = withAxes(chosen, options)
    if (options.url === null) return [set]
    const remote = elsewhere(set, tier)
    if (remote !== null) return [remote]
    skipped.push(fact('scenario-needs-own-server', { scenario: scenario.id }))
    return []
  })
  if (scenarios.length === 0) throw new NothingToRun(skipped)
  return { scenarios, skipped, changed: scenarios.filter(set => isChanged(set, tier)).map(({ id }) => id) }
}

function withArms(scenario: Scenario, techniques: readonly Technique[], tier: Tier): Scenario {
  const arms = scenario.arms
    .filter(({ arm, as }) => techniques.some(technique => technique === (as ?? arm)))
    .filter(({ tiers }) => tiers?.includes(tier) ?? true)
  return { ...scenario, arms }
}

function techniquesOf({ arms }: Scenario): Technique[] {
  return TECHNIQUES.filter(technique => arms.some(({ arm, as }) => (as ?? arm) === technique))
}

function withAxes(scenario: Scenario, options: BenchOptions): Scenario {
  const { clients, eventsPerSecond, payloadBytes, tier } = options
  const payload = payloadBytes === null ? {} : { payloadBytes }
  const rate: Partial<DeliveryAxes> =
    scenario.kind === 'delivery' && eventsPerSecond !== null ? { eventsPerSecond } : {}
  const set = {
    ...scenario,
    axes: { ...scenario.axes, [tier]: { ...scenario.axes[tier], ...payload, ...rate } },
  } as Scenario
  return clients !== null && set.kind === 'delivery' ? withReaders(set, clients, tier) : set
}

/** Several numbers are places on an axis, and so is one where each arm has its own: for techniques and floors alike. */
function withReaders(
  scenario: Extract<Scenario, { kind: 'delivery' }>,
  clients: readonly number[],
  tier: Tier,
): Scenario {
  const [readers] = clients
  if (clients.length === 1 && readers !== undefined && !scenario.arms.some(setsReaders)) {
    return { ...scenario, axes: { ...scenario.axes, [tier]: { ...scenario.axes[tier], readers } } }
  }
  return {
    ...scenario,
    arms: clients.flatMap(readers => scenario.arms.map(plan => ({ ...plan, at: placeOf(plan, readers) }))),
  }
}

/** Beside the place on the scenario's own axis, if that is another one. */
function placeOf(plan: ArmPlan, readers: number): Place {
  const place = { axis: 'readers', value: readers }
  return plan.at === undefined || setsReaders(plan) ? place : { ...plan.at, and: place }
}

function setsReaders({ at }: ArmPlan): boolean {
  return at?.axis === 'readers'
}

/**
 * Only what crosses the wire can be measured of a server that runs elsewhere: there is no floor beside it, no probe in
 * it, and the link is for the page. The warm-up is as fast as the trial, since the server may limit the rate of
 * requests. `null` where no arm is left.
 */
function elsewhere(scenario: Scenario, tier: Tier): Scenario | null {
  const arms = scenario.arms.filter(({ as, at }) => as === undefined && at?.axis !== 'distanceMs')
  if (scenario.kind !== 'delivery' || arms.length === 0) return null
  const axes = { ...scenario.axes, [tier]: { ...scenario.axes[tier], warmUpFactor: 1 } }
  return { ...scenario, arms, axes }
}

function isChanged(set: Scenario, tier: Tier): boolean {
  const table = SCENARIOS.find(({ id }) => id === set.id)
  const known = new Set(table?.arms.map(plan => settingOf(table, plan, tier)))
  return set.arms.some(plan => !known.has(settingOf(set, plan, tier)))
}

/** What the command line can set of one arm. */
function settingOf({ axes }: Scenario, { arm, as, at }: ArmPlan, tier: Tier): string {
  const { readers, eventsPerSecond, payloadBytes }: Partial<DeliveryAxes> = axesAt(axes[tier], at)
  return JSON.stringify([arm, as, readers, eventsPerSecond, payloadBytes])
}
