import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import { formatLatency } from '../../../run/format.ts'
import { element, setText } from '../../shared/element.ts'
import { IDENTITIES, shapeIcon } from '../../shared/identity.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'

const STRETCH_MS = 10_000
const STRETCHES = [5, 4, 3, 2, 1, 0]

/** The chart as numbers. Filled only while it is open. */
export function createLatencyTable(): View<LiveFrame> & { readonly root: HTMLDetailsElement } {
  const cells = TECHNIQUES.map(() => STRETCHES.map(() => element('td', { class: 'number' })))
  const head = STRETCHES.map(stretch =>
    element('th', { scope: 'col' }, text.chart.ago(stretch * STRETCH_MS, (stretch + 1) * STRETCH_MS)),
  )
  const rows = TECHNIQUES.map((technique, index) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, shapeIcon(IDENTITIES[technique]), IDENTITIES[technique].name),
      ...(cells[index] ?? []),
    ),
  )
  const table = element(
    'table',
    {},
    element('caption', {}, text.chart.tableCaption),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, text.chart.technique), ...head)),
    element('tbody', {}, ...rows),
  )
  const root = element(
    'details',
    { class: 'twin' },
    element('summary', {}, text.chart.table),
    element(
      'div',
      { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': text.chart.table },
      table,
    ),
  )

  return { root, update }

  function update({ state, nowMs, uncertaintyMs }: LiveFrame): void {
    if (!root.open) return
    for (const [index, technique] of TECHNIQUES.entries()) {
      const row = rows[index]
      if (row !== undefined) row.hidden = !state.lanesOn.includes(technique)
      for (const [column, stretch] of STRETCHES.entries()) {
        const cell = cells[index]?.[column]
        if (cell === undefined) continue
        const toMs = nowMs - stretch * STRETCH_MS
        const { count, mean } = state.lanes[technique].latencyBins.between(toMs - STRETCH_MS, toMs)
        setText(cell, formatLatency(count === 0 ? null : mean, uncertaintyMs))
      }
    }
  }
}
