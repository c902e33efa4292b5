/** Test support: runs of the present schema, with everything in them that a run can have. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { probit } from 'simple-statistics'
import {
  ANY_METRIC,
  type Arm,
  type Comparison,
  type Fact,
  type MetricDefinition,
  type MetricSubject,
  type NoiseBand,
  type Place,
  RUN_SCHEMA,
  type Run,
  type RunTrial,
  type SummaryRow,
  type TrialCheck,
} from '../../../server/protocol/run.ts'
import { isStream, TECHNIQUES, type Technique } from '../../../server/protocol/techniques.ts'

export const BLOCKS = 8
export const PUBLISHES = 135
const SAMPLES = 20 * PUBLISHES
/** Median latency in ms and CPU per delivery in µs, as if measured; those of SSE for techniques that are not named. */
const LATENCY_MS: Readonly<Partial<Record<Technique, number>>> = {
  poll: 98,
  'long-poll': 5.8,
  websocket: 3.38,
}
const CPU_US: Readonly<Partial<Record<Technique, number>>> = { poll: 51, 'long-poll': 82, websocket: 16.5 }
const HEADER_BYTES: Readonly<Partial<Record<Technique, number>>> = { poll: 67, 'long-poll': 221 }
const latencyMs = (technique: Technique) => LATENCY_MS[technique] ?? 3.4
const cpuUs = (technique: Technique) => CPU_US[technique] ?? 14.2
const headerBytes = (technique: Technique) => HEADER_BYTES[technique] ?? 0
/** As a run has them: in any order. */
const PLACES: readonly Place[] = [50, 0, 10].map(value => ({ axis: 'distanceMs', value }))

export const TOO_FEW: Fact = { code: 'too-few-publishes', params: { publishes: 1_080, needed: 10_000 } }
export const UNSETTLED: Fact = { code: 'cost-drifts', params: { driftShare: -0.09 } }
export const BROKEN: Fact = {
  code: 'trial-failed',
  params: { detail: 'The load process ended with 1 <before> it was ready.' },
}

const PASSED: TrialCheck = {
  code: 'lossy',
  value: 0,
  limits: { refuseAbove: 0 },
  verdict: 'ok',
  params: { expected: 1_000, lost: 0, repeated: 0, disordered: 0 },
  concerns: 'all',
}
const DRIFTED: TrialCheck = {
  ...UNSETTLED,
  value: -0.09,
  limits: { flagBeyond: 0.05 },
  verdict: 'refused',
  concerns: 'all',
}

const metric = (
  subject: MetricSubject,
  unit: string,
  better: MetricDefinition['better'] = 'lower',
): MetricDefinition => ({ subject, unit, better, compares: true })

export const METRICS: Run['metrics'] = {
  'latency-p50': metric('lateness', 'ms'),
  'latency-p99': metric('lateness', 'ms'),
  'latency-p999': metric('lateness', 'ms'),
  completeness: metric('lateness', 'ratio', 'higher'),
  lost: metric('rest', 'n'),
  'cpu-per-delivery': metric('cost', 'µs'),
  'cpu-per-request': metric('cost', 'µs'),
  'times-floor': metric('cost', '×'),
  'wire-down': metric('wire', 'B'),
  'wire-payload': metric('wire', 'B', null),
  'wire-headers': metric('wire', 'B'),
  'wire-up': metric('wire', 'B'),
  'capacity-deliveries': metric('rate', '/s', 'higher'),
  'idle-cpu': metric('cost', 'µs'),
  'connect-p50': metric('lateness', 'ms'),
  'cpu-per-connection': metric('cost', 'µs'),
  'memory-per-connection': metric('cost', 'KB'),
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
    caveats: [{ code: 'one-machine', params: { distance: true } }],
    metrics: METRICS,
    calibration: [],
    scenarios: ['delivery', 'connections', 'distance'],
    summary: [...delivery(factor), ...distance(factor), ...connections(factor)],
    comparisons: comparisons(),
    bands: bands(),
    trials,
    ...changes,
  }
}

/** A run of a schema that is not read any more. */
export function olderRun(): { readonly id: string } {
  return {
    ...syntheticRun({
      id: '20250101T000000Z-9876543210-quick',
      startedAt: '2025-01-01T00:00:00.000Z',
      tier: 'quick',
      schema: 2,
    }),
  }
}

export function row(changes: Partial<SummaryRow>): SummaryRow {
  return {
    scenario: 'delivery',
    arm: 'sse',
    as: null,
    at: null,
    metric: 'latency-p50',
    value: 1,
    bound: null,
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
  const of = (arm: Arm, metric: string, value: number, changes: Partial<SummaryRow> = {}) =>
    measured({ arm, metric, ...changes }, value)
  const rows = TECHNIQUES.flatMap(arm => [
    of(arm, 'latency-p50', latencyMs(arm) * factor),
    of(arm, 'latency-p99', latencyMs(arm) * 2.5),
    row({ arm, metric: 'latency-p999', ...REFUSED, reasons: [TOO_FEW] }),
    row({ arm, metric: 'completeness', value: 1, low: 1, high: 1 }),
    of(arm, 'cpu-per-delivery', cpuUs(arm), {
      verdict: arm === 'poll' ? 'flagged' : 'ok',
      reasons: arm === 'poll' ? [UNSETTLED] : [],
    }),
    of(arm, 'times-floor', 1.1 + cpuUs(arm) / 100),
    of(arm, 'wire-down', 189 + headerBytes(arm)),
    row({ arm, metric: 'wire-headers', value: headerBytes(arm) }),
  ])
  const floors = TECHNIQUES.filter(isStream).map(as =>
    of('tcp', 'cpu-per-delivery', cpuUs(as) * 0.85, { as }),
  )
  // As a run has them: in the order in which the arms were drawn.
  return [...floors, ...rows.toReversed()]
}

function distance(factor: number): SummaryRow[] {
  return PLACES.flatMap(at => {
    return TECHNIQUES.flatMap(arm => [
      measured({ scenario: 'distance', at, arm }, (latencyMs(arm) + at.value) * factor),
      measured({ scenario: 'distance', at, arm, metric: 'wire-down' }, 189 + headerBytes(arm)),
    ])
  })
}

function connections(factor: number): SummaryRow[] {
  const rows = (['sse', 'poll', 'long-poll'] as const).flatMap((arm, index) => [
    measured({ scenario: 'connections', arm, metric: 'connect-p50', n: 2 }, 0.6 + index * 0.1),
    measured(
      { scenario: 'connections', arm, metric: 'cpu-per-connection', n: 2 },
      (600 + index * 200) * factor,
    ),
    measured({ scenario: 'connections', arm, metric: 'memory-per-connection', n: 2 }, 8 - index),
  ])
  const failed = { scenario: 'connections', arm: 'websocket', metric: ANY_METRIC, n: 0 } as const
  return [...rows, row({ ...REFUSED, ...failed, verdict: 'failed', reasons: [BROKEN] })]
}

function comparisons(): Comparison[] {
  const compare = (arm: Arm, metric: string, ratio: number, at: Place | null = null): Comparison => {
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
      zero: null,
      verdict: different ? 'different' : 'no-difference',
      obstacle: null,
    }
  }
  return [
    compare('poll', 'latency-p50', 28.8),
    compare('long-poll', 'latency-p50', 1.71),
    compare('websocket', 'latency-p50', 0.994),
    compare('websocket', 'cpu-per-delivery', 1.16),
    {
      ...compare('websocket', 'latency-p50', 1.001, PLACES[2]),
      n: 2,
      pValue: null,
      verdict: 'not-claimed',
      obstacle: { code: 'too-few-blocks', params: { blocks: 2, needed: BLOCKS } },
    },
  ]
}

function bands(): NoiseBand[] {
  const band = { scenario: 'delivery', arm: 'sse', n: BLOCKS } as const
  return [
    { ...band, metric: 'latency-p50', share: 0.03 },
    { ...band, scenario: 'distance', metric: 'latency-p50', share: 0.03 },
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
        histograms: { deliveryUs: histogramOf(latencyMs(arm) * (refused ? 100 : 1)) },
        ...(refused && {
          verdict: 'refused',
          reasons: [UNSETTLED],
          checks: [PASSED, DRIFTED],
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
    ...TECHNIQUES.filter(isStream).map(as => trial({ arm: 'tcp', as, block })),
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
        axes: { readers: 50, distanceMs: at.value },
        histograms: { deliveryUs: histogramOf(latencyMs(arm) + at.value) },
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
    turn: 1,
    axes: { readers: 200, eventsPerSecond: 30, pollIntervalMs: 197 },
    verdict: 'ok',
    reasons: [],
    checks: [PASSED],
    predictions: {},
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
