import type { SummaryRow } from '../../../server/protocol/run.ts'
import { NOTHING } from '../../run/format.ts'
import { formatFigure } from '../../run/lower-bound.ts'
import { higherIsBetter, metricName, picturedOf } from '../../run/metric.ts'
import { type Column, placesOf, type ScenarioTable } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES, shapeIcon } from '../shared/identity.ts'

/** The metrics of a scenario that are worth a picture, as bars from zero with the spread over trials on each. */
export function barCharts(table: ScenarioTable): readonly HTMLElement[] {
  const pictured = picturedOf(table.columns.map(({ metric }) => metric))
  return table.columns
    .filter(({ metric }) => pictured.includes(metric))
    .flatMap(column => barChart(table, column))
}

interface Bar {
  readonly at: string | null
  readonly row: SummaryRow
}

function barChart(table: ScenarioTable, column: Column): readonly HTMLElement[] {
  const index = table.columns.indexOf(column)
  const bars: readonly Bar[] = table.rows
    .filter(({ as }) => as === null)
    .flatMap(({ at, cells }) => (cells[index]?.flat().slice(0, 1) ?? []).map(row => ({ at, row })))
  if (bars.every(({ row }) => row.value === null)) return []
  const highest = Math.max(...bars.map(({ row }) => Math.max(row.value ?? 0, row.high ?? 0)))
  const name = metricName(column.metric)
  const parts = bars.flatMap(({ at, row }) =>
    row.value === null
      ? []
      : [`${ARM_IDENTITIES[row.arm].name}${at === null ? '' : ` at ${at}`} ${formatFigure(row, row.value)}`],
  )
  const label = runText.barsLabel(name, column.unit, parts)
  const figure = element(
    'figure',
    { class: 'bars', 'data-metric': column.metric },
    element('figcaption', {}, runText.barsTitle(name, column.unit)),
    element(
      'div',
      { class: 'bar-rows', role: 'img', 'aria-label': label },
      ...placesOf(table).flatMap(at => [
        ...(at === null ? [] : [element('p', { class: 'muted' }, at)]),
        ...bars.filter(bar => bar.at === at).map(({ row }) => drawBar(row, highest)),
      ]),
    ),
    element('p', { class: 'read muted' }, runText.barsRead(higherIsBetter(column.metric))),
  )
  return [figure]
}

function drawBar(row: SummaryRow, highest: number): HTMLElement {
  const identity = ARM_IDENTITIES[row.arm]
  const track = element('span', { class: 'bar-track' })
  if (row.value !== null) {
    const bar = element('span', { class: 'bar' })
    // Set as properties: the page's policy lets no markup carry styles.
    bar.style.inlineSize = percent(row.value, highest)
    bar.style.backgroundColor = `var(${identity.colour})`
    track.append(bar)
    if (row.low !== null && row.high !== null && row.high > row.low) {
      const whisker = element('span', { class: 'whisker' })
      whisker.style.insetInlineStart = percent(row.low, highest)
      whisker.style.inlineSize = percent(row.high - row.low, highest)
      track.append(whisker)
    }
  }
  const value = row.value === null ? runText.verdict[row.verdict] || NOTHING : formatFigure(row, row.value)
  return element(
    'p',
    { class: 'bar-row' },
    element('span', { class: 'bar-name' }, shapeIcon(identity), identity.name),
    track,
    element('span', { class: row.value === null ? 'verdict' : 'number' }, value),
  )
}

function percent(value: number, of: number): string {
  return `${of <= 0 ? 0 : Math.max(0, value / of) * 100}%`
}
