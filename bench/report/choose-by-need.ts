/** No technique is best. This table says what each need looks at, and what this run measured for it. */
import { type Comparison, TECHNIQUES, type Technique } from '../../server/protocol.ts'
import type { MetricId } from '../metric.ts'
import type { BenchRun } from '../result.ts'
import { REFERENCE_ARM, type ScenarioId } from '../scenario.ts'
import type { Block } from './block.ts'
import { findRow, formatNumber } from './figure.ts'

interface MeasuredNeed {
  readonly need: string
  readonly scenario: ScenarioId
  readonly metric: MetricId
  readonly unit: string
  readonly better: 'less' | 'more'
}

const MEASURED: readonly MeasuredNeed[] = [
  {
    need: 'freshest',
    scenario: 'delivery',
    metric: 'latency-p50',
    unit: 'ms median latency',
    better: 'less',
  },
  {
    need: 'cheapest when busy',
    scenario: 'delivery',
    metric: 'cpu-per-delivery',
    unit: 'µs CPU per delivery',
    better: 'less',
  },
  {
    need: 'cheapest when quiet',
    scenario: 'idle',
    metric: 'idle-cpu',
    unit: 'µs CPU per connection and minute',
    better: 'less',
  },
  {
    need: 'fewest bytes down',
    scenario: 'delivery',
    metric: 'wire-down',
    unit: 'B per event',
    better: 'less',
  },
  {
    need: 'lightest to hold open',
    scenario: 'connections',
    metric: 'memory-per-connection',
    unit: 'KB per connection',
    better: 'less',
  },
  {
    need: 'cheapest to open',
    scenario: 'connections',
    metric: 'cpu-per-connection',
    unit: 'µs CPU per connection',
    better: 'less',
  },
  {
    need: 'most before it is late',
    scenario: 'capacity',
    metric: 'capacity-deliveries',
    unit: 'deliveries/s',
    better: 'more',
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
  const claims = run.comparisons.some(({ verdict }) => verdict !== 'not claimed')
  const order = claims
    ? `Best first. “<” and “>” where the difference from ${REFERENCE_ARM} is claimed, “≈ ${REFERENCE_ARM}” where none could be measured, a comma where nothing is said.`
    : 'Best first by the bare figures, and no more than that: in this run no difference is claimed.'
  const rows = MEASURED.map(need => [need.need, ranking(run, need)]).filter(([, ranked]) => ranked !== '')
  const measured: Block[] = [
    { kind: 'paragraph', text: `There is no overall winner. ${order}` },
    { kind: 'table', columns: ['need', 'what this run measured'], rows, cells: 'words' },
  ]
  return [
    { kind: 'heading', level: 2, text: 'Choose by need' },
    ...(rows.length === 0 ? [] : measured),
    { kind: 'paragraph', text: 'What the techniques are by design, which no figure decides:' },
    { kind: 'table', columns: ['need', 'by design'], rows: BY_DESIGN, cells: 'words' },
  ]
}

type Standing = 'before' | 'reference' | 'equal' | 'after' | 'unsaid'

/** `websocket 3.15 < sse 3.39 ≈ long-poll 3.50 < poll 98.5 ms`: what is between two groups was claimed of both. */
function ranking(run: BenchRun, { scenario, metric, unit, better }: MeasuredNeed): string {
  const ranked = TECHNIQUES.flatMap(technique => {
    const value = findRow(run.summary, scenario, technique, null, metric)?.value ?? null
    return value === null ? [] : [{ technique, value, text: `${technique} ${formatNumber(value)}` }]
  }).sort((a, b) => (better === 'less' ? a.value - b.value : b.value - a.value))
  if (ranked.length === 0) return ''
  const standings = new Map(
    ranked.map(({ technique, value }) => [
      technique,
      standingOf(technique, value, better, comparisonOf(technique)),
    ]),
  )
  const among = (separator: string, ...wanted: readonly Standing[]) =>
    ranked
      .filter(({ technique }) => wanted.some(standing => standings.get(technique) === standing))
      .map(({ text }) => text)
      .join(separator)
  if (among('', 'before', 'equal', 'after') === '') return `${among(', ', 'reference', 'unsaid')} ${unit}`
  const sign = better === 'less' ? ' < ' : ' > '
  const groups = [among(', ', 'before'), among(' ≈ ', 'reference', 'equal'), among(', ', 'after')]
  const unsaid = among(', ', 'unsaid')
  return `${groups.filter(Boolean).join(sign)} ${unit}${unsaid === '' ? '' : `; nothing claimed of ${unsaid}`}`

  function comparisonOf(technique: Technique): Comparison | undefined {
    return run.comparisons.find(
      found =>
        found.scenario === scenario &&
        found.at === null &&
        found.metric === metric &&
        found.arm === technique,
    )
  }
}

function standingOf(
  technique: Technique,
  value: number,
  better: 'less' | 'more',
  comparison: Comparison | undefined,
): Standing {
  if (technique === REFERENCE_ARM) return 'reference'
  if (comparison === undefined || comparison.verdict === 'not claimed') return 'unsaid'
  if (comparison.verdict === 'no difference') return 'equal'
  // Without a ratio one of the two is nothing.
  const less = comparison.ratio === null ? value === 0 : comparison.ratio < 1
  return less === (better === 'less') ? 'before' : 'after'
}
