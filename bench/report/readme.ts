/** The generated parts of two README files: the project's table, and the guide in `results/`. */
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { BenchRun, Trial } from '../judge/result.ts'
import { METRICS, type MetricId } from '../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import { findRow, formatFigure } from './figure.ts'
import { escapeMarkdown, renderTable } from './markdown.ts'
import { columnOf } from './tables.ts'

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
  const { cpu, cores, virtualisation, node } = run.provenance
  const shown = SHOWN.filter(([scenario, id]) =>
    TECHNIQUES.some(technique => findRow(run.summary, scenario, technique, null, id) !== undefined),
  )
  const rows = TECHNIQUES.map(technique => [
    technique,
    ...shown.map(([scenario, id]) => formatFigure(findRow(run.summary, scenario, technique, null, id))),
  ])
  const machine = `${cpu ?? 'unknown CPU'}, ${cores} cores${virtualisation === null ? '' : ` (${virtualisation})`}, Node ${node}`
  const claims = claimsOf(run, shown)
  const settings = settingsOf(run)
  return [
    renderTable({ columns: ['', ...shown.map(([, id]) => columnOf(id))], rows, cells: 'numbers' }),
    '',
    ...(settings === '' ? [] : [settings, '']),
    ...(claims.length === 0 ? [] : [`Compared with ${REFERENCE_ARM}, block by block:`, '', ...claims, '']),
    `Run [${run.id}](${folder}/report.md) on ${machine}. ${run.caveats.join(' ')}`,
  ].join('\n')
}

/** The settings behind the table's figures: another poll interval or rate gives others. */
function settingsOf({ trials }: BenchRun): string {
  const of = (scenario: string) =>
    trials.filter(trial => trial.scenario === scenario && trial.as === null && trial.at === null)
  const [delivery] = of('delivery')
  const [connections] = of('connections')
  const sentences = []
  if (delivery !== undefined) {
    const { readers, eventsPerSecond, payloadBytes, pollIntervalMs } = delivery.axes
    sentences.push(
      `Delivery: ${readers} readers, ${eventsPerSecond} events/s with ${payloadBytes} B of data each, polls every ${pollIntervalMs} ms, ${blocksIn(of('delivery'))}. Polling's latency and cost are a matter of that interval.`,
    )
  }
  const steps = connections?.axes['steps']
  if (Array.isArray(steps)) {
    sentences.push(`Connections: up to ${steps.at(-1)} of each technique, ${blocksIn(of('connections'))}.`)
  }
  return sentences.join(' ')
}

function blocksIn(trials: readonly Trial[]): string {
  const blocks = new Set(trials.map(({ block }) => block)).size
  return blocks === 1 ? 'one trial' : `${blocks} trials`
}

/** What stands between the markers as long as there is no run to show. */
export const NO_RUN = 'No run is committed yet. `npm run bench` makes one of your own in `results/`.'

/** One line per figure, with the verdict on each technique in words. */
function claimsOf({ comparisons }: BenchRun, shown: typeof SHOWN): string[] {
  return shown.flatMap(([scenario, id]) => {
    const verdicts = comparisons.filter(
      found =>
        found.scenario === scenario &&
        found.metric === id &&
        found.at === null &&
        found.verdict !== 'not claimed',
    )
    if (verdicts.length === 0) return []
    const said = verdicts.map(({ arm, sentence }) => `${arm} ${sentence}`).join('; ')
    return [escapeMarkdown(`- ${METRICS[id].title}: ${said}`)]
  })
}

/** `readme` with the table of `run` between its markers; everything else stays as it is. Throws without markers. */
export function replaceResults(readme: string, table: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin)
    throw new Error(`README.md needs the lines ${BEGIN} and ${END}, in this order`)
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${readme.slice(end)}`
}

/** `newest`: the newest committed run of each machine. */
export function renderResultsReadme(newest: readonly BenchRun[]): string {
  const runs = newest.map(run => `## ${machineOf(run)}\n\n${renderResultsTable(run, run.id)}`)
  return `${[GUIDE, ...(runs.length === 0 ? [NO_RUN] : runs)].join('\n\n')}\n`
}

/** Runs on like machines can be set side by side; on unlike ones they cannot. */
export function machineOf({ provenance }: BenchRun): string {
  const { cpu, cores, virtualisation } = provenance
  return `${cpu ?? 'unknown CPU'}, ${cores} cores${virtualisation === null ? '' : `, ${virtualisation}`}`
}

const GUIDE = `# Results

*Generated by \`npm run report\`; edit bench/report/readme.ts instead.*

Each folder holds one run: \`run.json\` (everything, with each trial's counts, checks and histograms), \`summary.csv\`
(one line per scenario, arm, place and metric), \`report.md\` and \`report.html\`. Runs of your own stay out of git;
reference runs are added by hand with \`git add -f\`.

- A figure is the median over trials, with the smallest and the largest trial in brackets where they
  differ. Its 95 % interval (bootstrap over blocks) stands in \`summary.csv\`.
- ◔ marks a flagged figure, a dash one that was refused or failed. \`run.json\` and the report say why.
- Latency runs from the *intended* publish time to the reader's read callback; for polling it is staleness.
- “CPU ÷ physical floor” compares with bare sockets (streams) or bare \`node:http\` (polls) sending the same bytes,
  measured in the same block. It travels between machines better than any absolute figure.
- The techniques are compared with SSE block by block. SSE itself runs twice in each block: how far those two lie apart,
  at most, is the A/A band. A difference is claimed only from eight blocks on, beyond that band and beyond 2 %, if a
  permutation test finds it unlikely between equals (p ≤ 0.05) and the 95 % interval of the ratio does not hold 1.
  Otherwise it says “no difference measured (< x %)”: a difference beyond x is what these trials rule out.
- \`npm run bench:compare A B\` sets two runs side by side by the same rules. It claims nothing on absolute figures where
  machine, Node, pinning or tier differ, and nothing at all where the axes of a scenario do.
- Server and readers share one machine, so there is no distance, no TLS and no proxy in these figures.`
