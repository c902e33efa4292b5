import type { Run } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element } from '../element.ts'
import type { Palette } from '../palette.ts'
import { metricChart } from './metric-chart.ts'
import { scenarioSection } from './scenario-section.ts'
import { scenarioTables } from './scenario-table.ts'

export interface RunView {
  readonly root: HTMLElement
  recolour(): void
}

/** One run: what to know first, a chart, all tables, and where the numbers come from. */
export function createRunView(run: Run, palette: () => Palette): RunView {
  const tables = scenarioTables(run)
  const chart = tables.length === 0 ? null : metricChart(tables, palette)
  const root = element(
    'div',
    { class: 'run', 'data-run': run.id },
    element(
      'p',
      { class: 'muted' },
      text.results.started(run.startedAt),
      ' · ',
      element('a', { href: `/api/results/${encodeURIComponent(run.id)}` }, text.results.json),
    ),
    caveats(run),
    ...(chart === null ? [] : [chart]),
    ...tables.map(scenarioSection),
    provenance(run),
  )
  return { root, recolour: () => chart?.recolour() }
}

function caveats(run: Run): Node {
  const sentences = [...(run.complete ? [] : [text.results.incomplete]), ...run.caveats]
  if (sentences.length === 0) return document.createTextNode('')
  return element(
    'section',
    { class: 'caveats' },
    element('h2', {}, text.results.caveats),
    element('ul', {}, ...sentences.map(sentence => element('li', {}, sentence))),
  )
}

function provenance(run: Run): HTMLElement {
  const pairs = Object.entries(run.provenance).map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', { class: 'number' }, String(value ?? '–'))),
  )
  return element(
    'section',
    { class: 'provenance' },
    element('h2', {}, text.results.provenance),
    element('dl', {}, ...pairs),
  )
}
