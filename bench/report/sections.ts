/** What a report says, in order: caveats first, then the figures, then the doubts about them, then where and how; at the end what follows for whom. */
import type { NoiseBand } from '../../server/protocol/run.ts'
import { percent, TALLY } from '../judge/checks.ts'
import type { BenchRun } from '../judge/result.ts'
import { knownAnswerBlocks } from '../known-answers/report-block.ts'
import { BLOCKS_FOR_A_CLAIM, REFERENCE_ARM } from '../scenarios/scenario.ts'
import type { Block } from './block.ts'
import { chooseByNeed } from './choose-by-need.ts'
import { goalBlocks } from './goals.ts'
import { collectNotes, type Notes } from './notes.ts'
import { scenarioSection } from './scenario-section.ts'
import { titleOf } from './tables.ts'

const HOW_TO_READ = [
  'A figure is the median over trials; the smallest and the largest trial stand in brackets where they differ. The 95 % interval of the median (bootstrap over blocks) is in summary.csv, and in the HTML report where one points at a figure.',
  '◔ marks a flagged figure, a dash one that was refused or failed; the numbers behind it are those of the doubts below.',
  'Latency runs from the intended publish time to the read callback, on one monotonic clock. For polling it is staleness. The schedule lag of the source, how late it published, is part of it.',
  '× floor compares with the physical floor in the same block: a bare TCP push of the same bytes for the streams, a bare node:http answer of the same head and body for the polls, at the same load.',
  'A sentinel is a reader that parses each event in full and times it; of the others each delivery is counted. After “With” stand the axes of a scenario, by their names in run.json.',
  'Polling brings several events with one answer, so its cost per answer and per delivery differ.',
  `“Compared with ${REFERENCE_ARM}” pairs the techniques block by block. A difference is claimed from ${BLOCKS_FOR_A_CLAIM} blocks on, if the median ratio lies beyond the A/A band and beyond 2 %, a permutation test finds it unlikely between equals (p ≤ 0.05), and the 95 % interval does not hold 1. Otherwise it says “no difference measured (< x %)”: a difference beyond x is what these trials rule out.`,
]

export function reportOf(run: BenchRun): Block[] {
  const notes = collectNotes(run.summary)
  return [
    { kind: 'heading', level: 1, text: `push-lab bench, ${run.tier} run of ${run.startedAt.slice(0, 16)}Z` },
    { kind: 'list', items: run.caveats },
    { kind: 'heading', level: 2, text: 'How to read it' },
    { kind: 'list', items: HOW_TO_READ },
    ...Object.entries(run.questions).flatMap(([scenario, question]) =>
      scenarioSection(run, scenario, question, notes),
    ),
    ...bandBlocks(run.bands),
    ...goalBlocks(run, notes),
    ...doubts(notes),
    ...knownAnswerBlocks(run.knownAnswers, commitOf(run)),
    ...provenance(run),
    ...chooseByNeed(run, notes),
  ]
}

/** How far apart two of the same lay. */
function bandBlocks(bands: readonly NoiseBand[]): Block[] {
  if (bands.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: 'The noise: A/A bands' },
    {
      kind: 'paragraph',
      text: `The reference arm ${REFERENCE_ARM} ran twice in each block of the scenarios named here. This is how far the two lay apart, at most.`,
    },
    {
      kind: 'table',
      columns: ['metric', 'scenario', 'band', 'pairs'],
      rows: bands
        .filter(({ metric }) => !TALLY.some(id => id === metric))
        .map(({ scenario, metric, share, n }) => [titleOf(metric), scenario, spanOf(share), String(n)]),
      cells: 'words',
    },
  ]
}

/** `share`: |ln ratio|. `± 9.2 %`, and from the double on `× or ÷ 4.9`, since nothing is less by 388 %. */
function spanOf(share: number): string {
  return share < Math.LN2 ? `± ${percent(Math.expm1(share))}` : `× or ÷ ${Math.exp(share).toPrecision(2)}`
}

function doubts({ texts }: Notes): Block[] {
  if (texts.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: 'Doubts' },
    { kind: 'notes', items: texts },
  ]
}

function commitOf({ provenance }: BenchRun): string | null {
  const { commit } = provenance
  return typeof commit === 'string' ? commit : null
}

function provenance(run: BenchRun): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'Where and how' },
    {
      kind: 'table',
      columns: ['', ''],
      rows: Object.entries(run.provenance).map(([name, value]) => [name, String(value ?? 'unknown')]),
      cells: 'words',
    },
    {
      kind: 'paragraph',
      text: `${orderIn(run)} ${blocksIn(run)} A claim that two arms differ takes ${BLOCKS_FOR_A_CLAIM}.`,
    },
    { kind: 'list', items: run.order.map((arms, index) => `Block ${index + 1}: ${arms.join(' · ')}`) },
  ]
}

function orderIn({ trials, seed, complete }: BenchRun): string {
  const twice = [...new Set(trials.filter(({ twin }) => twin).map(({ scenario }) => scenario))]
  const reference = twice.length === 0 ? '' : `, in ${twice.join(', ')} ${REFERENCE_ARM} twice`
  const end = complete ? '' : ' The run was broken off, so some arms are not in its last block.'
  return `A block runs each arm once${reference}, in an order drawn from seed ${seed}.${end}`
}

/** `9 of delivery; 2 of throughput, burst; 1 of idle`: a run is as long as its longest scenario. */
function blocksIn({ trials, questions }: BenchRun): string {
  const scenarios = new Map<number, string[]>()
  for (const scenario of Object.keys(questions)) {
    const blocks = new Set(trials.filter(trial => trial.scenario === scenario).map(({ block }) => block)).size
    scenarios.set(blocks, [...(scenarios.get(blocks) ?? []), scenario])
  }
  const counts = [...scenarios].sort(([a], [b]) => b - a)
  const said = counts.map(([blocks, names]) => `${blocks} of ${names.join(', ')}`).join('; ')
  return `Blocks by scenario: ${said}.${counts.length > 1 ? ' Those with fewer ran in the first ones only.' : ''}`
}
