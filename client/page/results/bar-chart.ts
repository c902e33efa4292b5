import type { SummaryRow } from '../../../server/protocol/run.ts'
import { type Bars, barsLabel } from '../../run/bars.ts'
import { NOTHING } from '../../run/format.ts'
import { isPlace, placesOf } from '../../run/scenario-table.ts'
import { formatFigure } from '../../run/table.ts'
import { armName, metricTitle, placeLabel, runText, verdictText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES, shapeIcon } from '../shared/identity.ts'

/** One metric as bars from zero, with the spread over trials on each. */
export function barChart(drawn: Bars): HTMLElement {
  const { column, highest, bars } = drawn
  const places = placesOf({ rows: bars })
  return element(
    'figure',
    { class: 'bars', 'data-metric': column.metric },
    element('figcaption', {}, runText.barsTitle(metricTitle(column.metric), column.unit)),
    element(
      'div',
      { class: 'bar-rows', role: 'img', 'aria-label': barsLabel(drawn) },
      ...places.flatMap(at => [
        ...(at === null ? [] : [element('p', { class: 'muted' }, placeLabel(at))]),
        ...bars.filter(bar => isPlace(bar.at, at)).map(({ row }) => drawBar(row, highest)),
      ]),
    ),
    element('p', { class: 'read muted' }, runText.barsRead(column.better)),
  )
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
  const value = formatFigure(row)
  return element(
    'p',
    { class: 'bar-row' },
    element('span', { class: 'bar-name' }, shapeIcon(identity), armName(row.arm)),
    track,
    element(
      'span',
      { class: value === null ? 'verdict' : 'number' },
      value ?? (verdictText(row.verdict) || NOTHING),
    ),
  )
}

function percent(value: number, of: number): string {
  return `${of <= 0 ? 0 : Math.max(0, value / of) * 100}%`
}
