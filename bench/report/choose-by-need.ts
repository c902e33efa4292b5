/** No technique is best. This table says what each need looks at, and what this run measured for it. */
import type { Comparison, SummaryRow } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import { REFERENCE_ARM, type ScenarioId } from '../scenarios/scenario.ts'
import type { Block, Cell } from './block.ts'
import { findRow, isLowerBound, namedFigure } from './figure.ts'
import type { Notes } from './notes.ts'

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
  [
    'fewest moving parts',
    'poll: needs no connection to stay open (this bench keeps it), no state; sse: reconnects by itself in a browser',
  ],
]

export function chooseByNeed(run: BenchRun, notes: Notes): Block[] {
  const rows = MEASURED.flatMap(need => {
    const standing = standingsOf(run, need)
    return standing.length === 0 ? [] : [[need.need, sentenceOf(standing, need, notes)]]
  })
  const measured: Block[] = [
    { kind: 'paragraph', text: `There is no overall winner. ${orderIn(run)} ${UNRANKED}` },
    { kind: 'table', columns: ['need', 'what this run measured'], rows, cells: 'words' },
  ]
  return [
    { kind: 'heading', level: 2, text: 'Choose by need' },
    ...(rows.length === 0 ? [] : measured),
    { kind: 'paragraph', text: 'What the techniques are by design, which no figure decides:' },
    { kind: 'table', columns: ['need', 'by design'], rows: BY_DESIGN, cells: 'words' },
  ]
}

const UNRANKED =
  'Not ranked is what is known from below only (≥), a cost of nothing or less, which is noise, and what was refused or failed.'

function orderIn({ comparisons }: BenchRun): string {
  return comparisons.some(({ verdict }) => verdict !== 'not claimed')
    ? `Best first. “<” and “>” where the difference from ${REFERENCE_ARM} is claimed, “≈ ${REFERENCE_ARM}” where none could be measured, a comma where nothing is said.`
    : 'Best first by the bare figures, and no more than that: in this run no difference is claimed.'
}

/** Where a technique stands to the reference arm; `unranked`: its figure is none to be ranked. */
type Place = 'before' | 'reference' | 'equal' | 'after' | 'unsaid' | 'unranked'

interface Standing {
  readonly technique: Technique
  readonly row: SummaryRow
  readonly place: Place
}

/** Best first; behind them, in no order of merit, those that are not ranked. */
function standingsOf(run: BenchRun, { scenario, metric, better }: MeasuredNeed): Standing[] {
  const rowOf = (technique: Technique) =>
    findRow(run.summary, scenario, technique, null, metric) ??
    findRow(run.summary, scenario, technique, null, 'any')
  const reference = rowOf(REFERENCE_ARM)
  const comparable = reference !== undefined && isRanked(reference)
  const sign = better === 'less' ? 1 : -1
  const all = TECHNIQUES.flatMap((technique): Standing[] => {
    const row = rowOf(technique)
    return row === undefined ? [] : [{ technique, row, place: placeOf(technique, row) }]
  })
  const ranked = all
    .filter(({ row }) => isRanked(row))
    .sort((a, b) => sign * ((a.row.value ?? 0) - (b.row.value ?? 0)))
  return [...ranked, ...all.filter(({ row }) => !isRanked(row))]

  function placeOf(technique: Technique, row: SummaryRow): Place {
    if (!isRanked(row)) return 'unranked'
    if (technique === REFERENCE_ARM) return 'reference'
    const comparison = comparable ? comparisonOf(technique) : undefined
    if (comparison?.verdict === 'no difference') return 'equal'
    if (comparison?.verdict !== 'different' || comparison.ratio === null) return 'unsaid'
    return comparison.ratio < 1 === (better === 'less') ? 'before' : 'after'
  }

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

function isRanked(row: SummaryRow): boolean {
  return row.value !== null && row.value > 0 && !isLowerBound(row)
}

type Words = readonly (string | Cell)[]

/** `websocket 3.15 < sse 3.39 ≈ long-poll 3.50 < poll 98.5 ms`: what is between two groups was claimed of both. */
function sentenceOf(standings: readonly Standing[], { unit, better }: MeasuredNeed, notes: Notes): Words {
  const among = (separator: string, ...wanted: readonly Place[]): Words =>
    join(
      separator,
      standings
        .filter(({ place }) => wanted.includes(place))
        .map(({ technique, row }) => [namedFigure(technique, row, notes)]),
    )
  const claimed = among('', 'before', 'equal', 'after').length > 0
  const sign = better === 'less' ? ' < ' : ' > '
  const ranked = claimed
    ? join(sign, [among(', ', 'before'), among(' ≈ ', 'reference', 'equal'), among(', ', 'after')])
    : among(', ', 'reference', 'unsaid')
  const unsaid = claimed ? among(', ', 'unsaid') : []
  const unranked = among(', ', 'unranked')
  return join('; ', [
    ranked.length === 0 ? [] : [...ranked, ` ${unit}`],
    unsaid.length === 0 ? [] : ['nothing claimed of ', ...unsaid],
    unranked.length === 0 ? [] : ['not ranked: ', ...unranked, ...(ranked.length === 0 ? [` ${unit}`] : [])],
  ])
}

/** Those that say something, with `separator` between them. */
function join(separator: string, groups: readonly Words[]): Words {
  return groups
    .filter(words => words.length > 0)
    .flatMap((words, index) => (index === 0 ? words : [separator, ...words]))
}
