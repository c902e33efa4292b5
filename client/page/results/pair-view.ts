import { BLOCKS_FOR_A_CLAIM, type Run } from '../../../server/protocol/run.ts'
import { type Difference, differencesOf, differenceTable, tooFewBlocks } from '../../run/differences.ts'
import { pairTables } from '../../run/figure-tables.ts'
import { scenarioTables } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import type { Page } from '../shared/page.ts'
import { caveats, remark, runHead, scenarioLinks, scenarioSection } from './run-parts.ts'
import { pairLegend } from './scale-legend.ts'
import { drawTable } from './table.ts'

const words = runText.pair

/** Two runs: first what is not the same about them, then the same tables, each figure of B divided by that of A. */
export function createPairView(a: Run, b: Run): Page {
  const tables = scenarioTables([a, b])
  const differences = differencesOf(a, b)
  const sameCircumstances = !differences.some(({ about }) => ['machine', 'node', 'tier'].includes(about))
  const few = tooFewBlocks(a) !== null || tooFewBlocks(b) !== null
  const command = element('code', {}, `npm run bench:compare ${a.id} ${b.id}`)
  const root = element(
    'div',
    { class: 'run', 'data-run': a.id, 'data-with': b.id },
    element('h2', {}, words.title),
    runHead(a, words.a),
    runHead(b, words.b),
    differenceSection(differences),
    element('p', { class: 'read muted' }, words.command, command),
    ...caveats(a, words.caveats(words.a)),
    ...caveats(b, words.caveats(words.b)),
    scenarioLinks(tables.map(({ scenario }) => scenario)),
    pairLegend(),
    remark(words.read),
    ...(few ? [remark(words.fewBlocks(BLOCKS_FOR_A_CLAIM))] : []),
    ...tables.map(table => {
      const { scenario } = table
      const sameAxes = !differences.some(difference => difference.scenario === scenario)
      const drawn = pairTables({ runs: [a, b], sameAxes, sameCircumstances }, table)
      const run = a.scenarios.includes(scenario) ? a : b
      return scenarioSection(run, scenario, ...drawn.flatMap(each => drawTable(each)))
    }),
  )
  return { root, recolour: () => {} }
}

function differenceSection(differences: readonly Difference[]): HTMLElement {
  const sentences = [...new Set(differences.map(({ about }) => about))].map(about => words.about[about])
  const serious = differences.some(({ about }) => about !== 'code' && about !== 'other')
  const items = [...(serious ? [] : [words.same]), ...sentences]
  return element(
    'section',
    { class: 'caveats differences' },
    element('h2', {}, words.differences),
    element('ul', {}, ...items.map(sentence => element('li', {}, sentence))),
    ...(differences.length === 0 ? [] : drawTable(differenceTable(differences))),
  )
}
