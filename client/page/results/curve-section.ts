import { formatCount, formatMs, NOTHING } from '../../run/format.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { type Curve, readCurves } from '../../run/percentile-curve.ts'
import { runText } from '../../run/text/en.ts'
import { element, setText } from '../shared/element.ts'
import { IDENTITIES, shapeIcon } from '../shared/identity.ts'
import type { Palette } from '../shared/palette.ts'
import type { DrawnCurves } from './curve-chart.ts'

export interface CurveSection {
  readonly root: HTMLElement
  recolour(): void
}

const SHARES = [0.5, 0.9, 0.99, 0.999, 0.9999]

/** The percentile curves of one scenario, place by place; decoded and drawn when they come into sight. */
export function createCurveSection(
  run: KnownRun,
  scenario: string,
  places: readonly (string | null)[],
  palette: () => Palette,
): CurveSection {
  const canvas = element('canvas', { role: 'img', 'aria-label': runText.curve.loading })
  const twin = element('div', {
    class: 'table-box',
    tabindex: 0,
    role: 'region',
    'aria-label': runText.curve.table,
  })
  const id = `curve-place-${scenario}`
  const picker = element(
    'select',
    { id },
    ...places.map((at, index) => element('option', { value: index }, at ?? NOTHING)),
  )
  const root = element(
    'figure',
    { class: 'curve' },
    element('figcaption', {}, runText.curve.title),
    ...(places.length < 2
      ? []
      : [element('p', { class: 'pickers' }, element('label', { for: id }, runText.curve.place), picker)]),
    element('div', { class: 'chart-box' }, canvas),
    element('p', { class: 'read muted' }, runText.curve.read),
    element('details', { class: 'twin' }, element('summary', {}, runText.curve.table), twin),
  )
  let curves: readonly Curve[] | null = null
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
    const found = await readCurves(run.trials, scenario, places[Number(wanted)] ?? null)
    if (picker.value !== wanted) return
    curves = found
    twin.replaceChildren(curveTable(curves))
    canvas.setAttribute('aria-label', runText.curve.label(curves.flatMap(sayCurve)))
    canvas.dataset['curves'] = String(curves.filter(({ points }) => points.length > 0).length)
    await draw()
  }

  async function draw(): Promise<void> {
    if (curves === null) return
    const { drawCurves } = await import('./curve-chart.ts')
    drawn?.destroy()
    drawn = drawCurves(canvas, curves, palette)
  }

  function complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : ''
    const sentence = element('p', { class: 'verdict' })
    setText(sentence, runText.unreadable(reason))
    root.append(sentence)
  }
}

function sayCurve(curve: Curve): readonly string[] {
  const { technique, points } = curve
  const medianMs = curve.at(0.5)
  const end = points.at(-1)
  if (medianMs === null || end === undefined) return []
  return [runText.curve.part(technique, medianMs, 1 - 1 / end.beyond, end.ms)]
}

function curveTable(curves: readonly Curve[]): HTMLElement {
  const { curve: words } = runText
  const heads = [runText.arm, ...SHARES.map(words.percentile), words.publishes, words.trials]
  return element(
    'table',
    { class: 'metric-table' },
    element('thead', {}, element('tr', {}, ...heads.map(head => element('th', { scope: 'col' }, head)))),
    element(
      'tbody',
      {},
      ...curves.map(curve => {
        const { technique, publishes, trials, left } = curve
        const cells = [
          ...SHARES.map(share => formatMs(curve.at(share) ?? Number.NaN)),
          formatCount(publishes),
          words.left(left, trials),
        ]
        const identity = IDENTITIES[technique]
        return element(
          'tr',
          {},
          element(
            'th',
            { scope: 'row' },
            element('span', { class: 'arm' }, shapeIcon(identity), identity.name),
          ),
          ...cells.map(cell => element('td', { class: 'number' }, cell)),
        )
      }),
    ),
  )
}
