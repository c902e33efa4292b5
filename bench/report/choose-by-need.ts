/** No technique is best. This table says what each need looks at, and what this run measured for it. */
import { TECHNIQUES, type Technique } from '../../server/protocol.ts'
import type { MetricId } from '../metric.ts'
import type { BenchRun } from '../result.ts'
import { BLOCKS_FOR_A_CLAIM } from '../scenario.ts'
import type { Block } from './block.ts'
import { findRow, formatNumber } from './figure.ts'

interface MeasuredNeed {
  readonly need: string
  readonly scenario: string
  readonly metric: MetricId
  readonly unit: string
}

/** In each of these less is better. */
const MEASURED: readonly MeasuredNeed[] = [
  { need: 'freshest', scenario: 'delivery', metric: 'latency-p50', unit: 'ms median latency' },
  {
    need: 'cheapest when busy',
    scenario: 'delivery',
    metric: 'cpu-per-delivery',
    unit: 'µs CPU per delivery',
  },
  { need: 'fewest bytes down', scenario: 'delivery', metric: 'wire-down', unit: 'B per event' },
  {
    need: 'lightest to hold open',
    scenario: 'connections',
    metric: 'memory-per-connection',
    unit: 'KB per connection',
  },
  {
    need: 'cheapest to open',
    scenario: 'connections',
    metric: 'cpu-per-connection',
    unit: 'µs CPU per connection',
  },
]

/** What no figure of this run decides: properties of the techniques themselves. */
const BY_DESIGN: readonly (readonly [need: string, answer: string])[] = [
  [
    'survives proxies',
    'poll, long-poll: ordinary requests; sse: if nothing buffers it; websocket: if the upgrade is let through',
  ],
  ['talks back', 'websocket on its own connection; the others by a request of their own'],
  ['fewest moving parts', 'poll: no open connection, no state; sse: reconnects by itself in a browser'],
]

export function chooseByNeed(run: BenchRun): Block[] {
  const claims = run.blocks >= BLOCKS_FOR_A_CLAIM
  const order = claims
    ? 'From the smallest figure up; “≈” where the spreads over trials overlap, so that no difference is claimed.'
    : `From the smallest figure up, and no more than that: with fewer than ${BLOCKS_FOR_A_CLAIM} blocks no difference is claimed.`
  return [
    { kind: 'heading', level: 2, text: 'Choose by need' },
    { kind: 'paragraph', text: `There is no overall winner. ${order}` },
    {
      kind: 'table',
      columns: ['need', 'what this run measured'],
      rows: MEASURED.map(need => [need.need, ranking(run, need, claims)]).filter(
        ([, ranked]) => ranked !== '',
      ),
      cells: 'words',
    },
    { kind: 'paragraph', text: 'What the techniques are by design, which no figure decides:' },
    { kind: 'table', columns: ['need', 'by design'], rows: BY_DESIGN, cells: 'words' },
  ]
}

interface Ranked {
  readonly technique: Technique
  readonly value: number
  readonly low: number
  readonly high: number
}

function ranking(run: BenchRun, { scenario, metric, unit }: MeasuredNeed, claims: boolean): string {
  const ranked = TECHNIQUES.flatMap((technique): Ranked[] => {
    const row = findRow(run.summary, scenario, technique, metric)
    if (row === undefined || row.value === null) return []
    return [{ technique, value: row.value, low: row.low ?? row.value, high: row.high ?? row.value }]
  }).sort((a, b) => a.value - b.value)
  const text = ranked.map(({ technique, value }, index) => {
    const before = ranked[index - 1]
    const overlaps = before !== undefined && (ranked[index]?.low ?? 0) <= before.high
    const join = before === undefined ? '' : claims ? (overlaps ? ' ≈ ' : ' < ') : ', '
    return `${join}${technique} ${formatNumber(value)}`
  })
  return text.length === 0 ? '' : `${text.join('')} ${unit}`
}
