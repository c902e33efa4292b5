import { axesOf } from '../../run/differences.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { hasCurves } from '../../run/percentile-curve.ts'
import { rankingOf } from '../../run/ranking.ts'
import { placesOf, type ScenarioTable, scenarioTables } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import type { Palette } from '../shared/palette.ts'
import { barCharts } from './bar-chart.ts'
import { comparisonTable } from './comparison-table.ts'
import { createCurveSection } from './curve-section.ts'
import { ratioTables } from './ratio-tables.ts'
import { caveats, provenance, runHead, scenarioHead, scenarioId, scenarioLinks } from './run-parts.ts'
import { rankLegend } from './scale-legend.ts'
import { trialList } from './trial-list.ts'

export interface RunView {
  readonly root: HTMLElement
  recolour(): void
}

/** One run: what to know first, each scenario in pictures, figures and claims, and where the numbers come from. */
export function createRunView(run: KnownRun, palette: () => Palette): RunView {
  const tables = scenarioTables([run])
  const axes = axesOf(run)
  const ranked = tables.some(table => rankingOf(run, table).ranks.size > 0)
  const recolours: (() => void)[] = []
  const root = element(
    'div',
    { class: 'run', 'data-run': run.id },
    runHead(run, null),
    ...caveats(run, runText.caveats),
    scenarioLinks(tables.map(({ scenario }) => scenario)),
    ...(ranked ? [rankLegend()] : []),
    element('p', { class: 'read muted' }, runText.scale.read),
    ...tables.map(section),
    provenance(run),
    ...trialList(run),
  )
  return {
    root,
    recolour: () => {
      for (const recolour of recolours) recolour()
    },
  }

  function section(table: ScenarioTable): HTMLElement {
    const { scenario } = table
    return element(
      'section',
      { class: 'scenario', id: scenarioId(scenario), 'data-scenario': scenario },
      ...scenarioHead(scenario, run.questions[scenario], axes.get(scenario) ?? {}),
      element('div', { class: 'pictures' }, ...curves(table), ...barCharts(table)),
      ...ratioTables(run, table),
      ...comparisonTable(run, scenario),
    )
  }

  function curves(table: ScenarioTable): readonly HTMLElement[] {
    if (!hasCurves(run.trials, table.scenario)) return []
    const drawn = createCurveSection(run, table.scenario, placesOf(table), palette)
    recolours.push(drawn.recolour)
    return [drawn.root]
  }
}
