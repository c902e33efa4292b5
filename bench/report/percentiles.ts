/** Percentiles of all trials together, from their merged histograms, as far into the tail as the publishes reach. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { Trial } from '../judge/result.ts'
import { armsOf, standing } from '../judge/series.ts'
import { PUBLISHES_BEYOND } from '../scenarios/metrics.ts'
import type { Block, Line } from './block.ts'
import { formatNumber } from './figure.ts'

const PERCENTILES = [
  { name: 'p50', oneIn: 2 },
  { name: 'p90', oneIn: 10 },
  { name: 'p99', oneIn: 100 },
  { name: 'p99.9', oneIn: 1_000 },
] as const
const POINTS_PER_DECADE = 24
const US_PER_MS = 1_000

interface Merged {
  readonly technique: Technique
  readonly at: string | null
  readonly publishes: number
  /** Microseconds. */
  readonly histogram: Histogram
}

export function percentileBlocks(trials: readonly Trial[], scenario: string): Block[] {
  const merged = armsOf(trials.filter(trial => trial.scenario === scenario)).flatMap(merge)
  if (merged.every(({ publishes }) => publishes < publishesFor(2))) return []
  const swept = merged.some(({ at }) => at !== null)
  const shown = PERCENTILES.filter(({ oneIn }) => merged.some(arm => arm.publishes >= publishesFor(oneIn)))
  return [
    { kind: 'heading', level: 3, text: 'Percentiles of all trials together' },
    ...(swept
      ? []
      : [{ kind: 'curve' as const, title: 'delivery latency', unit: 'ms', lines: merged.map(lineOf) }]),
    {
      kind: 'table',
      columns: [
        'technique',
        ...(swept ? ['at'] : []),
        'publishes',
        ...shown.map(({ name }) => `${name}, ms`),
        'maximum, ms',
      ],
      rows: merged.map(({ technique, at, publishes, histogram }) => [
        technique,
        ...(swept ? [at ?? ''] : []),
        String(publishes),
        ...shown.map(({ oneIn }) =>
          publishes < publishesFor(oneIn) ? '—' : formatNumber(valueAt(histogram, oneIn)),
        ),
        formatNumber(histogram.maxValue / US_PER_MS),
      ]),
      cells: 'numbers',
    },
    {
      kind: 'paragraph',
      text: `Said only with ${PUBLISHES_BEYOND} publishes beyond it. The tables above give the median of the trials' percentiles instead, each of a trial's own few publishes. Far into the tail the two differ, and this table is the one to quote.`,
    },
  ]
}

function merge(group: readonly Trial[]): Merged[] {
  const [first] = group
  const technique = TECHNIQUES.find(name => name === first?.arm)
  const kept = group.filter(trial => standing(trial, 'latency-p50').value !== null)
  const [histogram, ...others] = kept.flatMap(({ histograms: { deliveryUs } }) =>
    deliveryUs === undefined ? [] : [decodeFromCompressedBase64(deliveryUs)],
  )
  if (first === undefined || technique === undefined || histogram === undefined) return []
  for (const other of others) histogram.add(other)
  const publishes = kept.reduce((sum, trial) => sum + (trial.publishes ?? 0), 0)
  return [{ technique, at: first.at, publishes, histogram }]
}

function publishesFor(oneIn: number): number {
  return PUBLISHES_BEYOND * oneIn
}

function valueAt(histogram: Histogram, oneIn: number): number {
  return histogram.getValueAtPercentile(100 * (1 - 1 / oneIn)) / US_PER_MS
}

/** At least a microsecond: the axis is logarithmic. */
function lineOf({ technique, publishes, histogram }: Merged): Line {
  const decades = Math.max(0, Math.log10(publishes / PUBLISHES_BEYOND))
  const steps = Math.floor(decades * POINTS_PER_DECADE)
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    const oneIn = 10 ** (step / POINTS_PER_DECADE)
    return { oneIn, value: Math.max(1 / US_PER_MS, valueAt(histogram, oneIn)) }
  })
  return { technique, points: steps === 0 ? [] : points }
}
