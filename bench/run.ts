/** One run: every arm once per block in a drawn order, block after block, each trial on its own. */
import { loadavg } from 'node:os'
import { factSentence } from '../client/run/text/en.ts'
import { type Calibration, type Fact, RUN_SCHEMA } from '../server/protocol/run.ts'
import { TECHNIQUES } from '../server/protocol/techniques.ts'
import { fact } from './facts.ts'
import { type FleetCosts, type FleetUse, measureFleetCosts } from './fleet/calibration.ts'
import { deliveriesTaken } from './fleet/fleet-cost.ts'
import { judgeRun } from './judge/judge-run.ts'
import type { BenchRun, Trial } from './judge/result.ts'
import { runCaveats } from './judge/run-caveats.ts'
import { readOutcome } from './known-answers/outcome.ts'
import type { TrialSetting } from './measure/measurement.ts'
import type { BenchOptions } from './options.ts'
import { readCommit, readMachine } from './processes/machine.ts'
import { choosePinning, joinLoad, type Pinning } from './processes/pinning.ts'
import { armLabel, createProgress, type ProgressOptions } from './processes/progress.ts'
import { createRandom, type Random, shuffle } from './processes/random.ts'
import { chooseScenarios } from './scenarios/choose.ts'
import { type ArmPlan, axesAt, type DeliveryAxes, type Scenario, type Tier } from './scenarios/scenario.ts'
import { type CapturedPayloads, capturePayloads } from './subjects/captured-payload.ts'
import { attachRemote, type Remote } from './subjects/remote.ts'
import { startServer } from './subjects/subject.ts'
import { runTrial } from './trial.ts'

interface Turn {
  readonly scenario: Scenario
  readonly plan: ArmPlan
  readonly block: number
  readonly turn: number
}

/**
 * Broken off by `signal`, it resolves to what is finished, marked incomplete. Rejects with `NothingToRun` where no arm
 * is left, and with a `RemoteError` where the server of `--url` cannot be measured.
 */
export async function runBench(
  options: BenchOptions,
  stream: ProgressOptions['stream'],
  signal: AbortSignal,
): Promise<BenchRun> {
  const startedAt = new Date()
  const commit = readCommit()
  const [loadAverage = 0] = loadavg()
  const machine = readMachine()
  const pinning = choosePinning()
  joinLoad(pinning)
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32)
  const random = createRandom(seed)
  const choice = chooseScenarios(options)
  const { scenarios, skipped } = choice
  const remote = options.url === null ? null : await attachRemote(options.url, options.token)
  const blocks = Math.max(...scenarios.map(scenario => blocksOf(scenario, options)))
  const turns = planTurns(scenarios, options, blocks, random)
  const expectedMs = turns.map(({ scenario }) => scenario.trialMs[options.tier])
  const progress = createProgress({ stream, blocks, expectedMs })
  progress.say(
    `push-lab bench, ${options.tier}: ${turns.length} trials in ${blocks} blocks, about ${inWords(expectedMs)}, seed ${seed}; ${pinning.description}`,
  )
  for (const fact of skipped) progress.say(factSentence(fact))

  const uses = turns.flatMap(({ scenario, plan }) => fleetUseOf(scenario, plan, options.tier) ?? [])
  let fleetCosts: FleetCosts | null = null
  let clock = {}
  const taken = await runTurns().finally(async () => {
    if (remote !== null) clock = await leave(remote)
  })
  const complete = taken.length === turns.length
  const judged = judgeRun(taken, seed)
  return {
    schema: RUN_SCHEMA,
    id: `${compactTime(startedAt)}-${commit.hash ?? 'uncommitted'}-${options.tier}`,
    startedAt: startedAt.toISOString(),
    tier: options.tier,
    complete,
    provenance: {
      commit: commit.hash,
      dirty: commit.dirty,
      ...machine,
      serverCore: pinning.serverCore,
      loadCore: pinning.loadCore,
      pinnedBy: pinning.serverCore === null ? null : 'taskset',
      loadAverageBefore: loadAverage,
      seed,
      blocks,
      ...clock,
      tookSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    },
    caveats: runCaveats({
      options,
      choice,
      complete,
      dirty: commit.dirty,
      loadAverage,
      uncalibrated: uncalibrated(fleetCosts, uses),
      ...judged,
    }),
    scenarios: scenarios.map(({ id }) => id),
    ...judged,
    knownAnswers: readOutcome(),
    seed,
    blocks,
    calibration: calibrationOf(fleetCosts, uses),
  }

  async function runTurns(): Promise<Trial[]> {
    const finished: Trial[] = []
    try {
      const captured = remote === null ? await capture(scenarios, options, pinning, signal) : null
      if (options.tier !== 'quick') {
        fleetCosts = await measureFleetCosts(uses, pinning, signal, ({ readers, error }) =>
          progress.say(`What the fleet can take of ${readers} is not known: ${error}`),
        )
      }
      for (const { scenario, plan, block, turn } of turns) {
        progress.begin(armLabel({ scenario: scenario.id, ...plan }))
        const setting = {
          plan,
          seed: Math.floor(random() * 2 ** 32),
          pinning,
          signal,
          floor: plan.as === undefined ? null : (captured?.[plan.as] ?? null),
          ...(remote === null ? {} : { remote }),
          ...fleetCostOf(fleetCosts, fleetUseOf(scenario, plan, options.tier)),
        }
        const trial = await runTrial({ scenario, tier: options.tier, block, turn }, setting)
        finished.push(trial)
        progress.end(trial)
      }
    } catch (error) {
      if (!signal.aborted) throw error
      progress.say('The run was broken off. Finished trials are kept.')
    }
    return finished
  }

  /** Whatever became of the run, the source of the server is set back to what it was. */
  async function leave(remote: Remote): Promise<Record<string, string | number>> {
    try {
      await remote.leave()
      const driftMs = await remote.driftMs()
      const { uncertaintyMs, roundTripMs } = remote.clock
      return { server: remote.origin, roundTripMs, clockUncertaintyMs: uncertaintyMs, clockDriftMs: driftMs }
    } catch (error) {
      progress.say(`The source could not be set back to what it was: ${(error as Error).message}`)
      return { server: remote.origin }
    }
  }
}

/** The readers of one arm, where the load offered to them is compared with what they can take. */
function fleetUseOf(scenario: Scenario, { arm, at }: ArmPlan, tier: Tier): FleetUse | null {
  const technique = TECHNIQUES.find(name => name === arm)
  if (scenario.kind !== 'delivery' || technique === undefined) return null
  return { technique, shape: axesAt(scenario.axes[tier], at) }
}

function fleetCostOf(costs: FleetCosts | null, use: FleetUse | null): Pick<TrialSetting, 'fleetCost'> {
  const fleetCost = use === null ? undefined : costs?.of(use)
  return fleetCost === undefined ? {} : { fleetCost }
}

type FleetKind = Omit<Calibration, 'deliveriesPerSecond'>

/** Each kind of readers once. */
function kindsOf(uses: readonly FleetUse[]): readonly (readonly [FleetKind, FleetUse])[] {
  const kinds = uses.map(use => {
    const { readers, sentinels, payloadBytes }: Pick<DeliveryAxes, 'readers' | 'sentinels' | 'payloadBytes'> =
      use.shape
    const sentinelShare = Math.round(100 * Math.min(1, sentinels / readers)) / 100
    return [{ technique: use.technique, payloadBytes, sentinelShare }, use] as const
  })
  return [...new Map(kinds.map(kind => [JSON.stringify(kind[0]), kind])).values()]
}

function calibrationOf(costs: FleetCosts | null, uses: readonly FleetUse[]): Calibration[] {
  return kindsOf(uses).flatMap(([kind, use]) => {
    const cost = costs?.of(use)
    return cost === undefined ? [] : [{ ...kind, deliveriesPerSecond: Math.round(deliveriesTaken(cost, 1)) }]
  })
}

function uncalibrated(costs: FleetCosts | null, uses: readonly FleetUse[]): Fact[] {
  if (costs === null) return []
  return kindsOf(uses).flatMap(([kind, use]) =>
    costs.of(use) === undefined ? [fact('fleet-not-calibrated', { ...kind })] : [],
  )
}

/** How often each arm of a scenario runs. */
function blocksOf({ blocks }: Scenario, options: BenchOptions): number {
  return options.blocks ?? Math.max(1, blocks[options.tier])
}

function planTurns(
  scenarios: readonly Scenario[],
  options: BenchOptions,
  blocks: number,
  random: Random,
): Turn[] {
  const arms = scenarios.flatMap(scenario => scenario.arms.map(plan => ({ scenario, plan })))
  return Array.from({ length: blocks }, (_, index) =>
    shuffle(
      arms.filter(({ scenario }) => index < blocksOf(scenario, options)),
      random,
    ).map((arm, turn) => ({ ...arm, block: index + 1, turn: turn + 1 })),
  ).flat()
}

/** The bytes that the floors send, from a server that is not measured. `null` where no floor runs. */
async function capture(
  scenarios: readonly Scenario[],
  { tier }: { readonly tier: Tier },
  pinning: Pinning,
  signal: AbortSignal,
): Promise<CapturedPayloads | null> {
  const delivery = scenarios.find(scenario => scenario.id === 'delivery')
  if (delivery?.kind !== 'delivery') return null
  const { payloadBytes, eventsPerSecond, pollIntervalMs } = delivery.axes[tier]
  const server = await startServer({ core: pinning.serverCore, signal, payloadBytes, seed: 1 })
  try {
    return await capturePayloads(server, Math.max(1, Math.round((eventsPerSecond * pollIntervalMs) / 1000)))
  } finally {
    await server.stop()
  }
}

function inWords(expectedMs: readonly number[]): string {
  const seconds = expectedMs.reduce((sum, ms) => sum + ms, 0) / 1000
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`
}

function compactTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '')
}
