/** One run: every arm once per block in a drawn order, block after block, each trial on its own. */
import { loadavg } from 'node:os'
import type { Technique } from '../server/protocol/techniques.ts'
import { type FleetCosts, type FleetUse, measureFleetCosts, type UnknownCost } from './fleet/calibration.ts'
import { compareArms } from './judge/comparison/compare-arms.ts'
import { noiseBands } from './judge/comparison/noise-bands.ts'
import { withPhysics } from './judge/physics.ts'
import { armLabel, type BenchRun, SCHEMA, type Trial } from './judge/result.ts'
import { runCaveats } from './judge/run-caveats.ts'
import { summarize } from './judge/summary.ts'
import { EQUALS } from './known-answers/equals.ts'
import { KNOWN_ANSWERS } from './known-answers/known-answers.ts'
import { readOutcome } from './known-answers/outcome.ts'
import type { TrialSetting } from './measure/measurement.ts'
import type { BenchOptions } from './options.ts'
import { readCommit, readMachine } from './processes/machine.ts'
import { choosePinning, joinLoad, type Pinning } from './processes/pinning.ts'
import { createProgress, type ProgressOptions } from './processes/progress.ts'
import { createRandom, type Random, shuffle } from './processes/random.ts'
import { chooseScenarios } from './scenarios/choose.ts'
import type { ArmPlan, Scenario, Tier } from './scenarios/scenario.ts'
import { type CapturedPayloads, capturePayloads } from './subjects/captured-payload.ts'
import type { FloorSettings } from './subjects/floor.ts'
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
 * Broken off by `signal`, it resolves to what is finished, marked incomplete. Rejects with `NothingToRun` where nothing
 * is left of what was asked for, and with a `RemoteError` where the server that was asked for cannot be measured.
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

  for (const sentence of skipped) progress.say(sentence)

  let fleetCosts = null as FleetCosts | null
  let clock = {}
  const trials = withPhysics(
    await runTurns().finally(async () => {
      if (remote !== null) clock = await leave(remote)
    }),
  )
  const complete = trials.length === turns.length
  const summary = summarize(trials, seed)
  const bands = noiseBands(trials)
  const comparisons = compareArms(trials, bands, seed)
  return {
    schema: SCHEMA,
    id: `${compactTime(startedAt)}-${commit.hash ?? 'uncommitted'}-${options.tier}`,
    startedAt: startedAt.toISOString(),
    tier: options.tier,
    complete,
    provenance: {
      commit: commit.hash,
      dirty: commit.dirty,
      ...machine,
      pinning: pinning.description,
      loadAverageBefore: loadAverage,
      seed,
      blocks,
      ...(fleetCosts === null ? {} : { fleetTakesPerSecond: formatTaken(fleetCosts) }),
      ...clock,
      tookSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    },
    caveats: runCaveats({
      options,
      choice,
      complete,
      dirty: commit.dirty,
      loadAverage,
      uncalibrated: (fleetCosts?.unknown ?? []).map(describeUnknownCost),
      trials,
      summary,
      comparisons,
      bands,
    }),
    summary,
    comparisons,
    bands,
    knownAnswers: readOutcome([...KNOWN_ANSWERS, EQUALS]),
    seed,
    blocks,
    order: Array.from({ length: blocks }, (_, index) =>
      turns
        .filter(({ block }) => block === index + 1)
        .map(({ scenario, plan }) => armLabel(scenario.id, plan)),
    ),
    questions: Object.fromEntries(scenarios.map(({ id, question }) => [id, question])),
    trials,
  }

  async function runTurns(): Promise<Trial[]> {
    const finished: Trial[] = []
    try {
      const captured = remote === null ? await prepare(scenarios, options, pinning, signal) : null
      if (options.tier !== 'quick') fleetCosts = await calibrate()
      for (const { scenario, plan, block, turn } of turns) {
        progress.begin(armLabel(scenario.id, plan))
        const setting = {
          plan,
          seed: Math.floor(random() * 2 ** 32),
          pinning,
          signal,
          floor: floorOf(plan, captured),
          ...(remote === null ? {} : { remote }),
          ...fleetCostOf(scenario, plan),
        }
        const trial = await runTrial({ scenario, tier: options.tier, block, turn }, setting)
        finished.push(trial)
        progress.end(trial)
      }
    } catch (error) {
      if (!signal.aborted) throw error
      progress.say('Broken off; what is finished is kept.')
    }
    return finished
  }

  /** Whatever became of the run, the server is to be found as it was. */
  async function leave(remote: Remote): Promise<Record<string, string | number>> {
    try {
      await remote.leave()
      const driftMs = await remote.driftMs()
      const { uncertaintyMs, roundTripMs } = remote.clock
      return { server: remote.origin, roundTripMs, clockUncertaintyMs: uncertaintyMs, clockDriftMs: driftMs }
    } catch (error) {
      progress.say(`The source could not be put back as it was: ${(error as Error).message}`)
      return { server: remote.origin }
    }
  }

  function calibrate(): Promise<FleetCosts> {
    const uses = turns.flatMap(({ scenario, plan }) => fleetUseOf(scenario, plan, options.tier) ?? [])
    return measureFleetCosts(uses, pinning, signal, cost => progress.say(describeUnknownCost(cost)))
  }

  function fleetCostOf(scenario: Scenario, plan: ArmPlan): Pick<TrialSetting, 'fleetCost'> {
    const use = fleetUseOf(scenario, plan, options.tier)
    const fleetCost = use === null ? undefined : fleetCosts?.of(use)
    return fleetCost === undefined ? {} : { fleetCost }
  }
}

function describeUnknownCost({ readers, error }: UnknownCost): string {
  return `What the fleet can take of ${readers} is not known, and not checked: ${error}.`
}

function formatTaken({ taken }: FleetCosts): string {
  return Object.entries(taken)
    .map(([readers, perSecond]) => `${perSecond} (${readers})`)
    .join(', ')
}

/** The readers of one arm, where the load offered to them is held against what they can take. */
function fleetUseOf(scenario: Scenario, { arm, as, at }: ArmPlan, tier: Tier): FleetUse | null {
  if (scenario.kind !== 'delivery' || as !== undefined) return null
  return { technique: arm as Technique, shape: { ...scenario.axes[tier], ...at?.axes } }
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

function floorOf({ as }: ArmPlan, captured: CapturedPayloads | null): FloorSettings | null {
  return as === undefined ? null : (captured?.[as] ?? null)
}

/** The bytes that the floors send, from a server that is not measured. */
async function prepare(
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
