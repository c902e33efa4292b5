import { BLOCKS_FOR_A_CLAIM, type SummaryRow } from '../../../server/protocol/run.ts'
import { axesOf, type Difference, differencesOf, tooFewBlocks } from '../../run/differences.ts'
import { formatRatio, formatValue } from '../../run/format.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { formatFigure } from '../../run/lower-bound.ts'
import { higherIsBetter } from '../../run/metric.ts'
import { type Standing, standing } from '../../run/noise.ts'
import { stepOf } from '../../run/rank.ts'
import { type ScenarioTable, scenarioTables } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import type { FigureNotes } from './figure-notes.ts'
import { metricTables } from './metric-table.ts'
import { caveats, runHead, scenarioHead, scenarioId, scenarioLinks } from './run-parts.ts'
import type { RunView } from './run-view.ts'
import { pairLegend } from './scale-legend.ts'

const words = runText.pair

/** Two runs: first what is not the same about them, then the same tables, each figure of B divided by that of A. */
export function createPairView(a: KnownRun, b: KnownRun): RunView {
  const tables = scenarioTables([a, b])
  const axes = axesOf(a)
  const differences = differencesOf(a, b)
  const sameCircumstances = !differences.some(({ about }) => ['machine', 'node', 'tier'].includes(about))
  const few = tooFewBlocks(a) !== null || tooFewBlocks(b) !== null
  const root = element(
    'div',
    { class: 'run', 'data-run': a.id, 'data-with': b.id },
    element('h2', {}, words.title),
    runHead(a, words.a),
    runHead(b, words.b),
    differenceSection(differences),
    ...compareCommand(a, b),
    ...caveats(a, words.caveats(words.a)),
    ...caveats(b, words.caveats(words.b)),
    scenarioLinks(tables.map(({ scenario }) => scenario)),
    pairLegend(),
    element('p', { class: 'read muted' }, words.read),
    ...(few ? [element('p', { class: 'read muted' }, words.fewBlocks(BLOCKS_FOR_A_CLAIM))] : []),
    ...tables.map(section),
  )
  return { root, recolour: () => {} }

  function section(table: ScenarioTable): HTMLElement {
    const { scenario } = table
    const sameAxes = !differences.some(difference => difference.scenario === scenario)
    const question = a.questions[scenario] ?? b.questions[scenario]
    return element(
      'section',
      { class: 'scenario', id: scenarioId(scenario), 'data-scenario': scenario },
      ...scenarioHead(scenario, question, axes.get(scenario) ?? {}),
      ...metricTables(table, notes => ([ofA = [], ofB = []], { metric }) => {
        const higher = higherIsBetter(metric)
        const sides = {
          runs: [a, b],
          scenario,
          metric,
          higherIsBetter: higher,
          sameAxes,
          sameCircumstances,
        } as const
        const stands = standing(ofA[0], ofB[0], sides)
        return element(
          'td',
          colourOf(stands),
          drawStanding(stands),
          ...drawSide(words.a, words.b, ofA, notes),
          ...drawSide(words.b, words.a, ofB, notes),
        )
      }),
    )
  }
}

/** The bench reads runs of the present schema only. */
function compareCommand(a: KnownRun, b: KnownRun): readonly HTMLElement[] {
  if (a.age !== 'present' || b.age !== 'present') return []
  const command = element('code', {}, `npm run bench:compare ${a.id} ${b.id}`)
  return [element('p', { class: 'read muted' }, words.command, command)]
}

function differenceSection(differences: readonly Difference[]): HTMLElement {
  const sentences = [...new Set(differences.map(({ about }) => about))].map(about => words.about[about])
  const grave = differences.some(({ about }) => about !== 'code' && about !== 'other')
  const heads = [words.what, words.a, words.b]
  return element(
    'section',
    { class: 'caveats differences' },
    element('h2', {}, words.differences),
    element(
      'ul',
      {},
      ...[...(grave ? [] : [words.same]), ...sentences].map(sentence => element('li', {}, sentence)),
    ),
    ...(differences.length === 0
      ? []
      : [
          element(
            'div',
            { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': words.differences },
            element(
              'table',
              { class: 'metric-table' },
              element(
                'thead',
                {},
                element('tr', {}, ...heads.map(head => element('th', { scope: 'col' }, head))),
              ),
              element(
                'tbody',
                {},
                ...differences.map(({ name, a: ofA, b: ofB }) =>
                  element(
                    'tr',
                    {},
                    element('th', { scope: 'row' }, name),
                    ...[ofA, ofB].map(value => element('td', { class: 'number' }, value)),
                  ),
                ),
              ),
            ),
          ),
        ]),
  )
}

function colourOf({ name, ratio }: Standing): Record<string, string> {
  if (name !== 'better' && name !== 'worse') return { 'data-standing': name }
  return { 'data-standing': name, 'data-step': `${name}-${stepOf(Math.abs(Math.log(ratio)))}` }
}

function drawStanding(stands: Standing): HTMLElement {
  return element(
    'div',
    { class: 'standing' },
    ...(stands.ratio === null
      ? []
      : [element('strong', { class: 'number' }, `${formatRatio(stands.ratio)}×`), ' ']),
    element('span', { class: 'ratio' }, sayStanding(stands)),
  )
}

function sayStanding(stands: Standing): string {
  if (stands.name === 'equal') return words.equal(stands.noise)
  return stands.name === 'not-claimed' ? words.notClaimed[stands.why] : words[stands.name]
}

function drawSide(
  name: string,
  other: string,
  rows: readonly SummaryRow[],
  notes: FigureNotes,
): readonly HTMLElement[] {
  if (rows.length === 0) return [element('small', {}, words.only(other))]
  return rows.map(row => {
    const interval =
      row.interval === null
        ? ''
        : ` (${runText.interval(formatValue(row.interval.low), formatValue(row.interval.high))})`
    const figure =
      row.value === null ? '' : ` ${formatFigure(row, row.value)}${interval}, ${runText.trials(row.n)}`
    return element(
      'div',
      { class: 'measurement', 'data-verdict': row.verdict },
      element('small', { class: 'number' }, `${name}${figure}`),
      ...notes.marks(row),
    )
  })
}
