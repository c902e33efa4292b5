import type { SummaryRow } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element } from '../element.ts'
import { formatValue, NOTHING } from '../format.ts'
import { ARM_IDENTITIES, shapeIcon } from '../identity.ts'
import type { ScenarioTable } from './scenario-table.ts'

/** The table of one scenario. A number that must not be believed has its reasons beside it. */
export function scenarioSection(table: ScenarioTable): HTMLElement {
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, text.results.arm),
    ...table.metrics.map(({ metric, unit }) =>
      element('th', { scope: 'col' }, metric, ' ', element('span', { class: 'muted' }, unit)),
    ),
  )
  const rows = table.rows.map(({ arm, cells }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, shapeIcon(ARM_IDENTITIES[arm]), ARM_IDENTITIES[arm].name),
      ...cells.map(cell => element('td', {}, ...(cell.length === 0 ? [NOTHING] : cell.map(measurement)))),
    ),
  )
  return element(
    'section',
    { class: 'scenario' },
    element('h3', {}, table.scenario),
    element(
      'div',
      { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': table.scenario },
      element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
    ),
  )
}

function measurement(row: SummaryRow): HTMLElement {
  const shown = element('div', { class: 'measurement', 'data-verdict': row.verdict })
  if (row.value !== null) shown.append(element('strong', { class: 'number' }, formatValue(row.value)))
  const spread =
    row.low === null || row.high === null
      ? []
      : [text.results.spread(formatValue(row.low), formatValue(row.high))]
  const small = [...spread, text.results.trials(row.n)].join(', ')
  shown.append(element('small', { class: 'number muted' }, small))
  if (row.verdict === 'ok') return shown
  shown.append(element('small', { class: 'verdict' }, text.results.verdict[row.verdict]))
  for (const reason of row.reasons) shown.append(element('small', { class: 'reason' }, reason))
  return shown
}
