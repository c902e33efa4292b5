/** The generated parts of two README files: the project's table, and the guide in `results/`. */
import { findRow } from '../../client/run/figure-tables.ts'
import { notesOf } from '../../client/run/notes.ts'
import { figureOf, type Table } from '../../client/run/table.ts'
import { armName, claimText, factSentence, metricTitle, runText } from '../../client/run/text/en.ts'
import { BLOCKS_FOR_A_CLAIM } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import { escapeMarkdown, renderTable } from './markdown.ts'

const words = runText.readme

export const BEGIN = '<!-- results:begin -->'
export const END = '<!-- results:end -->'

/** The project's README shows few figures; the report has them all. */
const SHOWN: readonly (readonly [scenario: string, metric: MetricId])[] = [
  ['delivery', 'latency-p50'],
  ['delivery', 'latency-p90'],
  ['delivery', 'cpu-per-delivery'],
  ['delivery', 'times-floor'],
  ['delivery', 'wire-down'],
  ['delivery', 'requests-per-event'],
  ['connections', 'memory-per-connection'],
]

/** The text between the markers, for `run`, whose folder is `folder` as seen from the file it goes into. */
export function renderResultsTable(run: BenchRun, folder: string): string {
  const settings = settingsOf(run)
  const claims = claimsOf(run)
  const caveats = run.caveats.map(factSentence)
  const node = String(run.provenance['node'])
  return [
    renderTable(tableOf(run)),
    '',
    ...(settings === '' ? [] : [settings, '']),
    ...(claims.length === 0 ? [] : [words.compared(REFERENCE_ARM), '', ...claims, '']),
    [words.run(`[${run.id}](${folder}/report.md)`, machineOf(run), node), ...caveats].join(' '),
  ].join('\n')
}

function tableOf(run: BenchRun): Table {
  const rowOf = (arm: Technique, [scenario, metric]: (typeof SHOWN)[number]) =>
    findRow(run.summary, { scenario, arm, at: null, metric })
  const shown = SHOWN.filter(each => TECHNIQUES.some(technique => rowOf(technique, each) !== undefined))
  const notes = notesOf([])
  return {
    id: 'readme',
    caption: null,
    name: '',
    columns: [
      { text: '' },
      ...shown.map(([, id]) => ({ text: metricTitle(id), unit: run.metrics[id]?.unit ?? '' })),
    ],
    rows: TECHNIQUES.filter(technique => shown.some(each => rowOf(technique, each) !== undefined)).map(
      technique => ({
        name: armName(technique),
        cells: shown.map(each => {
          const row = rowOf(technique, each)
          return row === undefined ? '' : { figures: [figureOf(row, notes)] }
        }),
      }),
    ),
    notes: [],
  }
}

/** The settings behind the table's figures: another poll interval or rate gives others. */
function settingsOf({ trials }: BenchRun): string {
  const of = (scenario: string) =>
    trials.filter(trial => trial.scenario === scenario && trial.as === null && trial.at === null)
  const blocksOf = (scenario: string) => new Set(of(scenario).map(({ block }) => block)).size
  const [delivery] = of('delivery')
  const [connections] = of('connections')
  const steps = connections?.axes['steps']
  return [
    ...(delivery === undefined ? [] : [words.delivery(delivery.axes, blocksOf('delivery'))]),
    ...(Array.isArray(steps) ? [words.connections(Number(steps.at(-1)), blocksOf('connections'))] : []),
  ].join(' ')
}

/** A line for each figure of which something is claimed. */
function claimsOf({ comparisons }: BenchRun): readonly string[] {
  return SHOWN.flatMap(([scenario, id]) => {
    const claims = comparisons
      .filter(found => found.scenario === scenario && found.metric === id && found.at === null)
      .filter(({ verdict }) => verdict !== 'not-claimed')
      .map(found => `${armName(found.arm)} ${claimText(found, armName(found.reference))}`)
    return claims.length === 0 ? [] : [escapeMarkdown(`- ${words.claim(metricTitle(id), claims)}`)]
  })
}

/** `readme` with the table of `run` between its markers; everything else stays as it is. Throws without markers. */
export function replaceResults(readme: string, table: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) {
    throw new Error(`README.md needs the lines ${BEGIN} and ${END}, in this order`)
  }
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${readme.slice(end)}`
}

/** `newest`: the newest committed run of each machine. */
export function renderResultsReadme(newest: readonly BenchRun[]): string {
  const runs = newest.map(run => `## ${machineOf(run)}\n\n${renderResultsTable(run, run.id)}`)
  return `${[GUIDE, ...(runs.length === 0 ? [words.noRun] : runs)].join('\n\n')}\n`
}

/** Runs on like machines can be set side by side; on unlike ones they cannot. */
export function machineOf({ provenance }: BenchRun): string {
  const { cpu, cores, virtualisation } = provenance
  return words.machine(
    String(cpu ?? 'unknown CPU'),
    String(cores),
    virtualisation == null ? null : String(virtualisation),
  )
}

const GUIDE = `# Results

*Generated by \`npm run report\`; edit bench/report/readme.ts instead.*

Each folder holds one run: \`run.json\` (everything, with each trial's counts, checks and histograms), \`summary.csv\`
(one line for each scenario, arm, place and metric), \`report.md\` and \`report.html\`. Git ignores your own runs; add a
reference run with \`git add -f\`.

${runText.report
  .read(REFERENCE_ARM, BLOCKS_FOR_A_CLAIM)
  .map(item => `- ${escapeMarkdown(item)}`)
  .join('\n')}
- \`npm run bench:compare A B\` sets two runs side by side by the same rules. It claims nothing about absolute figures if
  machine, Node, pinning or tier differ, and nothing at all if the axes of a scenario differ.`
