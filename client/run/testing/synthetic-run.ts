/** Test support: runs of the present schema, with everything in them that a run can have. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { probit } from 'simple-statistics'
import {
  type Arm,
  type Comparison,
  type NoiseBand,
  RUN_SCHEMA,
  type Run,
  type RunTrial,
  type SummaryRow,
  type TrialCheck,
} from '../../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../../server/protocol/techniques.ts'

export const BLOCKS = 8
export const PUBLISHES = 135
const SAMPLES = 20 * PUBLISHES
/** Median latency in ms and CPU per delivery in µs of each technique, as if measured. */
const LATENCY_MS: Readonly<Record<Technique, number>> = {
  poll: 98,
  'long-poll': 5.8,
  sse: 3.4,
  websocket: 3.38,
}
const CPU_US: Readonly<Record<Technique, number>> = { poll: 51, 'long-poll': 82, sse: 14.2, websocket: 16.5 }
const HEADER_BYTES: Readonly<Record<Technique, number>> = { poll: 67, 'long-poll': 221, sse: 0, websocket: 0 }
const PLACES = ['RTT 100 ms', 'RTT 0 ms', 'RTT 20 ms']

export const TOO_FEW = 'too few publishes: 1080 of the 10000 that this percentile needs.'
export const UNSETTLED = 'The second half of the window cost less than the first (9.0 %).'
export const BROKEN = 'The load process ended with 1 <before> it was ready.'

const PASSED: TrialCheck = {
  name: 'complete',
  value: 1,
  threshold: 'every event once, in order',
  verdict: 'ok',
  reason: null,
}

export function syntheticRun(changes: Partial<Run> = {}, factor = 1): Run {
  const trials = [...deliveryTrials(), ...distanceTrials(), ...connectionTrials()]
  return {
    schema: RUN_SCHEMA,
    id: '20260101T000000Z-0123456789-standard',
    startedAt: '2026-01-01T00:00:00.000Z',
    tier: 'standard',
    complete: true,
    provenance: {
      commit: '0123456789',
      dirty: false,
      node: 'v20.20.2',
      cpu: 'Some CPU <b>',
      cores: 2,
      memoryGB: 24,
      virtualisation: null,
      loadAverageBefore: 0.2,
    },
    caveats: ['Server and readers share one machine: loopback, no TLS, no proxy, no distance.'],
    summary: [...delivery(factor), ...distance(factor), ...connections(factor)],
    comparisons: comparisons(),
    bands: bands(),
    questions: {
      delivery: 'How late is an event, and what does bringing it to one reader cost?',
      connections: 'What does a connection cost to open, and to hold while nothing happens?',
      distance: 'Who pays the distance once, and who pays it twice?',
    },
    trials,
    ...changes,
  }
}

/** What a run of schema 1 was: no places, no intervals, nothing compared. */
export function olderRun(): object {
  const { schema: _schema, comparisons: _comparisons, bands: _bands, ...run } = syntheticRun()
  const older = <T extends object>(rows: readonly T[]) =>
    rows.map(row => {
      const { at: _at, interval: _interval, twin: _twin, ...rest } = row as T & Record<string, unknown>
      return rest
    })
  return {
    ...run,
    schema: 1,
    id: '20250101T000000Z-9876543210-quick',
    startedAt: '2025-01-01T00:00:00.000Z',
    tier: 'quick',
    summary: older(run.summary.filter(row => row.scenario !== 'distance')),
    trials: older(run.trials.filter(trial => trial.scenario !== 'distance')),
  }
}

export function row(changes: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    at: null,
    metric: 'latency-p50',
    unit: 'ms',
    value: 1,
    low: null,
    high: null,
    interval: null,
    n: BLOCKS,
    verdict: 'ok',
    reasons: [],
    ...changes,
  }
}

function measured(changes: Partial<SummaryRow>, value: number): SummaryRow {
  const spread = {
    low: value * 0.94,
    high: value * 1.07,
    interval: { low: value * 0.98, high: value * 1.02 },
  }
  return row({ value, ...spread, ...changes })
}

const REFUSED = { value: null, low: null, high: null, interval: null, verdict: 'refused' } as const

function delivery(factor: number): SummaryRow[] {
  const of = (arm: Arm, metric: string, unit: string, value: number, changes: Partial<SummaryRow> = {}) =>
    measured({ arm, metric, unit, ...changes }, value)
  const rows = TECHNIQUES.flatMap(arm => [
    of(arm, 'latency-p50', 'ms', LATENCY_MS[arm] * factor),
    of(arm, 'latency-p99', 'ms', LATENCY_MS[arm] * 2.5),
    row({ arm, metric: 'latency-p999', ...REFUSED, reasons: [TOO_FEW] }),
    row({ arm, metric: 'completeness', unit: 'ratio', value: 1, low: 1, high: 1 }),
    of(arm, 'cpu-per-delivery', 'µs', CPU_US[arm], {
      verdict: arm === 'poll' ? 'flagged' : 'ok',
      reasons: arm === 'poll' ? [UNSETTLED] : [],
    }),
    of(arm, 'times-floor', '×', 1.1 + CPU_US[arm] / 100),
    of(arm, 'wire-down', 'B', 189 + HEADER_BYTES[arm]),
    row({ arm, metric: 'wire-headers', unit: 'B', value: HEADER_BYTES[arm] }),
  ])
  const floors = (['sse', 'websocket'] as const).map(as =>
    of('tcp', `cpu-per-delivery-as-${as}`, 'µs', CPU_US[as] * 0.85),
  )
  // As a run has them: in the order in which the arms were drawn.
  return [...floors, ...rows.toReversed()]
}

function distance(factor: number): SummaryRow[] {
  return PLACES.flatMap(at => {
    const oneWayMs = Number(at.split(' ')[1]) / 2
    return TECHNIQUES.flatMap(arm => [
      measured({ scenario: 'distance', at, arm }, (LATENCY_MS[arm] + oneWayMs) * factor),
      measured({ scenario: 'distance', at, arm, metric: 'wire-down', unit: 'B' }, 189 + HEADER_BYTES[arm]),
    ])
  })
}

function connections(factor: number): SummaryRow[] {
  const rows = (['sse', 'poll', 'long-poll'] as const).flatMap((arm, index) => [
    measured({ scenario: 'connections', arm, metric: 'connect-p50', n: 2 }, 0.6 + index * 0.1),
    measured(
      { scenario: 'connections', arm, metric: 'cpu-per-connection', unit: 'µs', n: 2 },
      (600 + index * 200) * factor,
    ),
    measured({ scenario: 'connections', arm, metric: 'memory-per-connection', unit: 'KB', n: 2 }, 8 - index),
  ])
  const failed = { scenario: 'connections', arm: 'websocket', metric: 'any', unit: '', n: 0 } as const
  return [...rows, row({ ...REFUSED, ...failed, verdict: 'failed', reasons: [BROKEN] })]
}

function comparisons(): Comparison[] {
  const compare = (arm: Arm, metric: string, ratio: number, at: string | null = null): Comparison => {
    const different = Math.abs(ratio - 1) > 0.03
    return {
      scenario: at === null ? 'delivery' : 'distance',
      at,
      metric,
      arm,
      reference: 'sse',
      ratio,
      interval: { low: ratio * 0.98, high: ratio * 1.02 },
      n: BLOCKS,
      pValue: different ? 0.0078 : 0.4,
      band: 0.03,
      verdict: different ? 'different' : 'no difference',
      sentence: different ? `${ratio.toFixed(2)} times that of sse` : 'no difference measured (< 3.0 %)',
    }
  }
  return [
    compare('poll', 'latency-p50', 28.8),
    compare('long-poll', 'latency-p50', 1.71),
    compare('websocket', 'latency-p50', 0.994),
    compare('websocket', 'cpu-per-delivery', 1.16),
    {
      ...compare('websocket', 'latency-p50', 1.001, 'RTT 20 ms'),
      n: 2,
      pValue: null,
      verdict: 'not claimed',
      sentence: 'not claimed: 2 blocks, and a claim takes 8',
    },
  ]
}

function bands(): NoiseBand[] {
  const band = { scenario: 'delivery', arm: 'sse', n: BLOCKS } as const
  return [
    { ...band, metric: 'latency-p50', share: 0.03 },
    { ...band, metric: 'cpu-per-delivery', share: 0.012 },
    ...['latency-p99', 'completeness', 'times-floor', 'wire-headers'].map(metric => ({
      ...band,
      metric,
      share: 0,
    })),
  ]
}

function deliveryTrials(): RunTrial[] {
  return Array.from({ length: BLOCKS }, (_, index) => index + 1).flatMap(block => [
    ...TECHNIQUES.map(arm => {
      const refused = arm === 'poll' && block === 3
      return trial({
        arm,
        block,
        publishes: PUBLISHES,
        histograms: { deliveryUs: histogramOf(LATENCY_MS[arm] * (refused ? 100 : 1)) },
        ...(refused && {
          verdict: 'refused',
          reasons: [UNSETTLED],
          checks: [
            PASSED,
            { ...PASSED, name: 'settled', verdict: 'refused', value: 0.09, reason: UNSETTLED },
          ],
        }),
      })
    }),
    trial({
      arm: 'sse',
      twin: true,
      block,
      publishes: PUBLISHES,
      histograms: { deliveryUs: histogramOf(1e4) },
    }),
    trial({ arm: 'tcp', as: 'sse', block }),
    trial({ arm: 'tcp', as: 'websocket', block }),
  ])
}

function distanceTrials(): RunTrial[] {
  return PLACES.flatMap(at =>
    TECHNIQUES.map(arm =>
      trial({
        scenario: 'distance',
        at,
        arm,
        publishes: 100,
        axes: { readers: 50, distanceMs: Number(at.split(' ')[1]) / 2 },
        histograms: { deliveryUs: histogramOf(LATENCY_MS[arm] + Number(at.split(' ')[1]) / 2) },
      }),
    ),
  )
}

function connectionTrials(): RunTrial[] {
  const axes = { steps: [0, 1_000, 2_000], payloadBytes: 128 }
  return TECHNIQUES.map(arm => {
    const failed = arm === 'websocket'
    return trial({
      scenario: 'connections',
      arm,
      axes,
      ...(failed && { verdict: 'failed', checks: [], reasons: [BROKEN] }),
    })
  })
}

function trial(changes: Partial<RunTrial>): RunTrial {
  return {
    scenario: 'delivery',
    arm: 'sse',
    as: null,
    at: null,
    twin: false,
    block: 1,
    axes: { readers: 200, eventsPerSecond: 30, pollIntervalMs: 197 },
    verdict: 'ok',
    reasons: [],
    checks: [PASSED],
    publishes: null,
    histograms: {},
    ...changes,
  }
}

/** Log-normal around `medianMs`, quantile by quantile, as the bench encodes it. */
function histogramOf(medianMs: number): string {
  const histogram = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
  for (let sample = 0; sample < SAMPLES; sample++) {
    const deviation = probit((sample + 0.5) / SAMPLES)
    histogram.recordValue(Math.round(medianMs * 1_000 * Math.exp(deviation * 0.35)))
  }
  return encodeIntoCompressedBase64(histogram)
}
