import type { Run } from '../../../server/protocol/run.ts'
import { curveLabel, curveTable } from '../../run/curve-table.ts'
import { type CurvesAt, readCurves } from '../../run/curves.ts'
import { NOTHING } from '../../run/format.ts'
import { placesOf, type ScenarioTable } from '../../run/scenario-table.ts'
import { placeLabel, runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import type { Page } from '../shared/page.ts'
import type { Palette } from '../shared/palette.ts'
import type { DrawnCurves } from './curve-chart.ts'
import { drawTable } from './table.ts'

/** The percentile curves of one scenario, place by place; decoded and drawn when they come into sight. */
export function createCurveSection(run: Run, table: ScenarioTable, palette: () => Palette): Page {
  const { scenario } = table
  const places = placesOf(table)
  const canvas = element('canvas', { role: 'img', 'aria-label': runText.curve.loading })
  const twin = element('div')
  const id = `curve-place-${scenario}`
  const picker = element(
    'select',
    { id },
    ...places.map((at, index) => element('option', { value: index }, at === null ? NOTHING : placeLabel(at))),
  )
  const label = element('label', { for: id }, runText.place)
  const root = element(
    'figure',
    { class: 'curve' },
    element('figcaption', {}, runText.curve.title),
    ...(places.length < 2 ? [] : [element('p', { class: 'pickers' }, label, picker)]),
    element('div', { class: 'chart-box' }, canvas),
    element('p', { class: 'read muted' }, runText.curve.read),
    element('details', { class: 'twin' }, element('summary', {}, runText.curve.table), twin),
  )
  let shown: CurvesAt | null = null
  let drawn: DrawnCurves | null = null

  picker.addEventListener('change', () => {
    read().catch(complain)
  })
  const inSight = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return
    inSight.disconnect()
    read().catch(complain)
  })
  inSight.observe(root)

  return {
    root,
    recolour: () => {
      draw().catch(complain)
    },
  }

  async function read(): Promise<void> {
    const wanted = picker.value
    const found = await readCurves(run, scenario, places[Number(wanted)] ?? null)
    if (picker.value !== wanted) return
    shown = found
    twin.replaceChildren(...drawTable(curveTable(scenario, [{ ...found, at: null }])))
    canvas.setAttribute('aria-label', curveLabel(found.curves))
    canvas.dataset['curves'] = String(found.curves.filter(({ points }) => points.length > 0).length)
    await draw()
  }

  async function draw(): Promise<void> {
    if (shown === null) return
    const { drawCurves } = await import('./curve-chart.ts')
    drawn?.destroy()
    drawn = drawCurves(canvas, shown.curves, palette)
  }

  function complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : ''
    root.append(element('p', { class: 'verdict' }, runText.unreadable(reason)))
  }
}
