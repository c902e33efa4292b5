import type { Run } from '../../../server/protocol/run.ts'
import { barsOf } from '../../run/bars.ts'
import { comparisonTable } from '../../run/comparison-table.ts'
import { hasCurves } from '../../run/curves.ts'
import { figureTables } from '../../run/figure-tables.ts'
import { type ScenarioTable, scenarioTables } from '../../run/scenario-table.ts'
import type { Table } from '../../run/table.ts'
import { runText } from '../../run/text/en.ts'
import { theoryTable } from '../../run/theory-table.ts'
import { trialTable } from '../../run/trial-table.ts'
import { element } from '../shared/element.ts'
import type { Page } from '../shared/page.ts'
import type { Palette } from '../shared/palette.ts'
import { barChart } from './bar-chart.ts'
import { createCurveSection } from './curve-section.ts'
import { caveats, provenance, remark, runHead, scenarioLinks, scenarioSection } from './run-parts.ts'
import { rankLegend } from './scale-legend.ts'
import { drawTable } from './table.ts'

/** One run: what to know first, each scenario in pictures, figures and claims, and where the numbers come from. */
export function createRunView(run: Run, palette: () => Palette): Page {
  const scenarios = scenarioTables([run]).map(table => ({ table, figures: figureTables(run, table) }))
  const curves: Page[] = []
  const root = element(
    'div',
    { class: 'run', 'data-run': run.id },
    runHead(run, null),
    ...caveats(run, runText.caveats),
    scenarioLinks(scenarios.map(({ table }) => table.scenario)),
    ...(scenarios.some(({ figures }) => figures.ranked) ? [rankLegend()] : []),
    remark(runText.scale.read),
    ...scenarios.map(({ table, figures: { ranked, unranked, tables } }) =>
      scenarioSection(
        run,
        table.scenario,
        element('div', { class: 'pictures' }, ...drawCurves(table), ...barsOf(table).map(barChart)),
        ...(table.swept && ranked ? [remark(runText.scale.swept)] : []),
        ...(unranked === '' ? [] : [remark(unranked, 'unranked')]),
        ...tables.flatMap(each => drawTable(each)),
        ...drawTheory(theoryTable(run, table.scenario)),
        ...drawClaims(run, table.scenario),
      ),
    ),
    provenance(run),
    ...drawTrials(run),
  )
  return {
    root,
    recolour: () => {
      for (const { recolour } of curves) recolour()
    },
  }

  function drawCurves(table: ScenarioTable): readonly HTMLElement[] {
    if (!hasCurves(run, table.scenario)) return []
    const drawn = createCurveSection(run, table, palette)
    curves.push(drawn)
    return [drawn.root]
  }
}

function drawTheory(table: Table | null): readonly HTMLElement[] {
  return table === null
    ? []
    : [folded(runText.theory.title, ...drawTable({ ...table, caption: null }), remark(runText.theory.read))]
}

function drawClaims(run: Run, scenario: string): readonly HTMLElement[] {
  const claims = comparisonTable(run, scenario)
  if (claims === null) return []
  const words = runText.comparisons
  const title = claims.table.caption ?? ''
  const shown = [...drawTable({ ...claims.table, caption: null }, 'comparisons'), remark(words.read)]
  // A long table that says on each line that nothing can be said is opened by those who want to know why.
  return claims.claimed ? [element('h3', {}, title), ...shown] : [folded(words.nothing(title), ...shown)]
}

function folded(summary: string, ...content: readonly HTMLElement[]): HTMLElement {
  return element('details', { class: 'twin' }, element('summary', {}, summary), ...content)
}

/** Made when it is opened, since it is long. */
function drawTrials(run: Run): readonly HTMLElement[] {
  if (run.trials.length === 0) return []
  const box = element('div')
  const root = element(
    'details',
    { class: 'trials' },
    element('summary', {}, runText.checks.summary(run.trials.length)),
    box,
  )
  root.addEventListener('toggle', () => box.replaceChildren(...(root.open ? drawTable(trialTable(run)) : [])))
  return [root]
}
