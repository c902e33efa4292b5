/** What a report says, in order: caveats, then the figures of each scenario, then the bench's own tests, then where and how. */
import { barsOf } from '../../client/run/bars.ts'
import { comparisonTable } from '../../client/run/comparison-table.ts'
import { curveTable } from '../../client/run/curve-table.ts'
import { hasCurves, namedPercentiles, readCurves } from '../../client/run/curves.ts'
import { axesOf, settingsText } from '../../client/run/differences.ts'
import { figureTables } from '../../client/run/figure-tables.ts'
import { provenanceOf } from '../../client/run/provenance.ts'
import { placesOf, type ScenarioTable, scenarioTables } from '../../client/run/scenario-table.ts'
import type { Table } from '../../client/run/table.ts'
import { factSentence, runText, scenarioText, scenarioTitle, trialName } from '../../client/run/text/en.ts'
import { theoryTable } from '../../client/run/theory-table.ts'
import { BLOCKS_FOR_A_CLAIM } from '../../server/protocol/run.ts'
import type { BenchRun } from '../judge/result.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import { type Block, tableBlock } from './block.ts'
import { knownAnswerBlocks } from './known-answers.ts'

const words = runText.report

/** Rejects if a histogram of the run cannot be read. */
export async function reportOf(run: BenchRun): Promise<readonly Block[]> {
  const scenarios = await Promise.all(scenarioTables([run]).map(table => scenarioBlocks(run, table)))
  return [
    heading(1, words.title(run.tier, run.startedAt)),
    { kind: 'list', items: run.caveats.map(factSentence) },
    heading(2, words.howToRead),
    { kind: 'list', items: words.read(REFERENCE_ARM, BLOCKS_FOR_A_CLAIM) },
    ...scenarios.flat(),
    ...knownAnswerBlocks(run.knownAnswers, commitOf(run)),
    ...provenance(run),
  ]
}

async function scenarioBlocks(run: BenchRun, table: ScenarioTable): Promise<readonly Block[]> {
  const { scenario } = table
  const { question, note } = scenarioText(scenario)
  const settings = settingsText(axesOf(run).get(scenario))
  return [
    heading(2, question === undefined ? scenarioTitle(scenario) : `${scenarioTitle(scenario)}: ${question}`),
    ...paragraphs(settings),
    ...(await curveBlocks(run, table)),
    ...barsOf(table).map((bars): Block => ({ kind: 'bars', bars })),
    ...figureTables(run, table).tables.flatMap(each => titled(each, each.caption ?? runText.measured)),
    ...paragraphs(note),
    ...theoryBlocks(theoryTable(run, scenario)),
    ...claimBlocks(run, scenario),
  ]
}

/** A picture for each place would be too many: of a sweep there is the table only. */
async function curveBlocks(run: BenchRun, table: ScenarioTable): Promise<readonly Block[]> {
  const { scenario } = table
  if (!hasCurves(run, scenario)) return []
  const places = await Promise.all(placesOf(table).map(at => readCurves(run, scenario, at)))
  if (namedPercentiles(places).length === 0) return []
  const [only, ...others] = places
  return [
    ...(only === undefined || others.length > 0
      ? []
      : [{ kind: 'curves', curves: only.curves } satisfies Block]),
    ...titled(curveTable(scenario, places), runText.curve.table),
    ...paragraphs(runText.curve.read),
  ]
}

function theoryBlocks(table: Table | null): readonly Block[] {
  return table === null ? [] : [...titled(table, runText.theory.title), ...paragraphs(runText.theory.read)]
}

function claimBlocks(run: BenchRun, scenario: string): readonly Block[] {
  const claims = comparisonTable(run, scenario)
  if (claims === null) return []
  const title = claims.table.caption ?? ''
  if (claims.claimed) return titled(claims.table, title)
  return [heading(3, title), ...paragraphs(words.nothingClaimed(claims.obstacles))]
}

function provenance(run: BenchRun): readonly Block[] {
  const blocks = [...new Set(run.trials.map(({ block }) => block))].sort((a, b) => a - b)
  return [
    heading(2, runText.provenance),
    tableBlock('provenance', ['', ''], provenanceOf(run)),
    ...paragraphs(`${orderIn(run)} ${blocksIn(run)} ${words.claimTakes(BLOCKS_FOR_A_CLAIM)}`),
    {
      kind: 'list',
      items: blocks.map(block => {
        const ran = run.trials.filter(trial => trial.block === block).sort((a, b) => a.turn - b.turn)
        return words.block(block, ran.map(trialName))
      }),
    },
  ]
}

function orderIn({ trials, seed, complete }: BenchRun): string {
  const twice = [...new Set(trials.filter(({ twin }) => twin).map(({ scenario }) => scenario))]
  return words.order(twice, REFERENCE_ARM, seed, complete)
}

/** A run is as long as its longest scenario. */
function blocksIn({ trials, scenarios }: BenchRun): string {
  const counts = new Map<number, string[]>()
  for (const scenario of scenarios) {
    const blocks = new Set(trials.filter(trial => trial.scenario === scenario).map(({ block }) => block)).size
    counts.set(blocks, [...(counts.get(blocks) ?? []), scenario])
  }
  return words.blocks([...counts].sort(([a], [b]) => b - a))
}

function commitOf({ provenance }: BenchRun): string | null {
  const { commit } = provenance
  return typeof commit === 'string' ? commit : null
}

function heading(level: 1 | 2 | 3, text: string): Block {
  return { kind: 'heading', level, text }
}

function titled(table: Table, title: string): readonly Block[] {
  return [heading(3, title), { kind: 'table', table }]
}

function paragraphs(text: string | null | undefined): readonly Block[] {
  return text == null ? [] : [{ kind: 'paragraph', text }]
}
