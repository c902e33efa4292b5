/** What runs of the table of scenarios: those that the command line names, with the axes that it sets. */
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { BenchOptions } from '../options.ts'
import type { ArmPlan, DeliveryAxes, Scenario, ScenarioId, Tier } from './scenario.ts'
import { SCENARIOS } from './table.ts'

/** Its message is a sentence for whoever asked. */
export class NothingToRun extends Error {}

export interface Choice {
  readonly scenarios: readonly Scenario[]
  /** What was asked for and does not run; a sentence each. */
  readonly skipped: readonly string[]
  /** Those of which an axis is not as the table has it. */
  readonly changed: readonly ScenarioId[]
}

/** Throws `NothingToRun` where nothing is left. */
export function chooseScenarios(options: BenchOptions): Choice {
  const { scenarios: named, techniques, tier } = options
  const asked = SCENARIOS.filter(({ id, blocks }) => named?.includes(id) ?? blocks[tier] > 0)
  const outcomes = asked.map(scenario => {
    const chosen = withArms(scenario, techniques, tier)
    if (chosen.arms.length === 0) return `Left out: ${scenario.id} measures ${techniquesOf(scenario)} only.`
    const set = withAxes(chosen, options)
    return options.url === null ? set : elsewhere(set, tier)
  })
  const scenarios = outcomes.filter(outcome => typeof outcome !== 'string')
  const skipped = outcomes.filter(outcome => typeof outcome === 'string')
  if (scenarios.length === 0) throw new NothingToRun(`Nothing is left to run. ${skipped.join(' ')}`)
  return { scenarios, skipped, changed: scenarios.filter(set => isChanged(set, tier)).map(({ id }) => id) }
}

function withArms(scenario: Scenario, techniques: readonly Technique[], tier: Tier): Scenario {
  const arms = scenario.arms
    .filter(({ arm, as }) => techniques.some(technique => technique === (as ?? arm)))
    .filter(({ tiers }) => tiers?.includes(tier) ?? true)
  return { ...scenario, arms }
}

function techniquesOf({ arms }: Scenario): string {
  const names = TECHNIQUES.filter(technique => arms.some(({ arm, as }) => (as ?? arm) === technique))
  return names.join(' and ')
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

/** Several numbers, or one where each arm has its own, are places on an axis: of the floors as of the techniques. */
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
function placeOf(plan: ArmPlan, readers: number): NonNullable<ArmPlan['at']> {
  const label = `${readers.toLocaleString('en')} ${readers === 1 ? 'reader' : 'readers'}`
  return plan.at === undefined || setsReaders(plan)
    ? { label, axes: { readers } }
    : { label: `${plan.at.label}, ${label}`, axes: { ...plan.at.axes, readers } }
}

function setsReaders({ at }: ArmPlan): boolean {
  return at?.axes['readers'] !== undefined
}

/**
 * Of a server elsewhere only what crosses the wire can be measured: no floor beside it, no probe in it, no link, which
 * is the page's. It is warmed up at no more than the pace of the trial, since it may limit how fast it is asked.
 */
function elsewhere(scenario: Scenario, tier: Tier): Scenario | string {
  const arms = scenario.arms.filter(({ as, at }) => as === undefined && at?.axes['distanceMs'] === undefined)
  if (scenario.kind !== 'delivery' || arms.length === 0) {
    return `Left out: ${scenario.id} takes a server that the bench has started itself.`
  }
  const axes = { ...scenario.axes, [tier]: { ...scenario.axes[tier], warmUpFactor: 1 } }
  return { ...scenario, arms, axes }
}

function isChanged(set: Scenario, tier: Tier): boolean {
  const table = SCENARIOS.find(({ id }) => id === set.id)
  const known = new Set(table?.arms.map(plan => settingOf(table, plan, tier)))
  return set.arms.some(plan => !known.has(settingOf(set, plan, tier)))
}

/** Of one arm, what the command line can set. */
function settingOf({ axes }: Scenario, { arm, as, at }: ArmPlan, tier: Tier): string {
  const { readers, eventsPerSecond, payloadBytes }: Partial<DeliveryAxes> = { ...axes[tier], ...at?.axes }
  return JSON.stringify([arm, as, readers, eventsPerSecond, payloadBytes])
}
