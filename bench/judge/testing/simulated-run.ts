/** Trials as a bench would take them, of known effect and with the noise of a real machine; and runs made of trials. */

import { RUN_SCHEMA } from '../../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../../server/protocol/techniques.ts'
import type { Random } from '../../processes/random.ts'
import type { MetricId } from '../../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../../scenarios/scenario.ts'
import { judgeRun } from '../judge-run.ts'
import type { BenchRun, Trial } from '../result.ts'

export interface SimulatedTrials {
  readonly blocks: number
  readonly random: Random
  /** Standard deviation of ln(value) from trial to trial. */
  readonly noise: number
  /** How often something else on the machine makes a trial 1.2 to 2 times as slow. */
  readonly outliers: number
  /** True ratio to the reference arm; 1 for arms that are not named. */
  readonly effects?: Readonly<Partial<Record<Technique, number>>>
}

const VALUES = { 'latency-p50': 3, 'cpu-per-delivery': 14 } satisfies Partial<Record<MetricId, number>>
const ARMS = TECHNIQUES.flatMap(arm =>
  arm === REFERENCE_ARM
    ? [
        { arm, twin: false },
        { arm, twin: true },
      ]
    : [{ arm, twin: false }],
)

export function simulateTrials({ blocks, random, noise, outliers, effects = {} }: SimulatedTrials): Trial[] {
  return Array.from({ length: blocks }, (_, index) => {
    // A block as a whole may be slow, and all arms in it share that.
    const pace = Math.exp(0.05 * normal(random))
    return ARMS.map(({ arm, twin }, turn) => {
      const figure = (value: number) => {
        const hit = random() < outliers ? 1.2 + 0.8 * random() : 1
        return value * pace * hit * Math.exp(noise * normal(random)) * (effects[arm] ?? 1)
      }
      const values = Object.fromEntries(Object.entries(VALUES).map(([id, value]) => [id, figure(value)]))
      return trialOf({ arm, twin, block: index + 1, turn: turn + 1, values })
    })
  }).flat()
}

export function trialOf(changes: Partial<Trial>): Trial {
  return {
    scenario: 'delivery',
    arm: REFERENCE_ARM,
    as: null,
    at: null,
    twin: false,
    block: 1,
    turn: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    wallMs: 1,
    axes: {},
    verdict: 'ok',
    reasons: [],
    values: {},
    predictions: {},
    checks: [],
    publishes: 1_000,
    histograms: {},
    raw: {},
    ...changes,
  }
}

/** A run as it would be written, with what is computed from its trials. */
export function runOf(trials: readonly Trial[], changes: Partial<BenchRun> = {}): BenchRun {
  const seed = changes.seed ?? 7
  return {
    schema: RUN_SCHEMA,
    id: '20260101T000000Z-abc-standard',
    startedAt: '2026-01-01T00:00:00.000Z',
    tier: 'standard',
    complete: true,
    provenance: {
      cpu: 'A <fast> CPU',
      cores: 2,
      virtualisation: null,
      node: 'v20.0.0',
      serverCore: null,
      loadCore: null,
      pinnedBy: null,
    },
    caveats: [],
    scenarios: [...new Set(trials.map(({ scenario }) => scenario))],
    ...judgeRun(trials, seed),
    knownAnswers: null,
    seed,
    blocks: Math.max(0, ...trials.map(({ block }) => block)),
    calibration: [],
    ...changes,
  }
}

/** Box and Muller, 1958. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
