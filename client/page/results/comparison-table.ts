import type { Arm, Comparison } from '../../../server/protocol/run.ts'
import { NOTHING } from '../../run/format.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { metricName } from '../../run/metric.ts'
import { ARMS } from '../../run/scenario-table.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES } from '../shared/identity.ts'

/** What the run itself claims of one scenario, arm against reference, and the noise below which it claims nothing. */
export function comparisonTable(run: KnownRun, scenario: string): readonly HTMLElement[] {
  const comparisons = run.comparisons.filter(each => each.scenario === scenario)
  const bands = run.bands.filter(band => band.scenario === scenario)
  const reference = comparisons[0]?.reference ?? bands[0]?.arm
  if (reference === undefined) return []
  const arms = ARMS.filter(arm => comparisons.some(each => each.arm === arm))
  const lines = linesOf(
    comparisons,
    bands.map(band => band.metric),
  )
  const swept = lines.some(({ at }) => at !== null)
  const title = runText.comparisons.title(ARM_IDENTITIES[reference].name)
  const heads = [
    runText.comparisons.metric,
    ...(swept ? [runText.comparisons.place] : []),
    runText.comparisons.noise,
    ...arms.map(arm => runText.comparisons.against(arm, reference)),
  ]
  const table = element(
    'table',
    { class: 'metric-table comparisons' },
    element('thead', {}, element('tr', {}, ...heads.map(head => element('th', { scope: 'col' }, head)))),
    element('tbody', {}, ...lines.map(drawLine)),
  )
  const box = { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': `${scenario}: ${title}` }
  const shown = [element('div', box, table), element('p', { class: 'read muted' }, runText.comparisons.read)]
  if (comparisons.some(({ verdict }) => verdict !== 'not claimed'))
    return [element('h3', {}, title), ...shown]
  // A long table that says of each line that it says nothing is there for those who ask why.
  const summary = element('summary', {}, runText.comparisons.nothing(title))
  return [element('details', { class: 'twin' }, summary, ...shown)]

  function drawLine({ metric, at }: Line): HTMLElement {
    const band = bands.find(each => each.metric === metric)
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, metricName(metric)),
      ...(swept ? [element('td', {}, at ?? '')] : []),
      element(
        'td',
        { class: 'number' },
        ...(band === undefined
          ? [NOTHING]
          : [runText.comparisons.band(band.share), element('small', {}, runText.comparisons.pairs(band.n))]),
      ),
      ...arms.map(arm => drawClaim(comparisons, { metric, at }, arm)),
    )
  }
}

interface Line {
  readonly metric: string
  readonly at: string | null
}

function linesOf(comparisons: readonly Comparison[], metrics: readonly string[]): readonly Line[] {
  const compared = comparisons.map(({ metric, at }): Line => ({ metric, at }))
  const alone = metrics
    .filter(metric => !comparisons.some(each => each.metric === metric))
    .map((metric): Line => ({ metric, at: null }))
  return [...new Map([...compared, ...alone].map(line => [`${line.metric} ${line.at}`, line])).values()]
}

function drawClaim(comparisons: readonly Comparison[], { metric, at }: Line, arm: Arm): HTMLElement {
  const claim = comparisons.find(each => each.metric === metric && each.at === at && each.arm === arm)
  if (claim === undefined) return element('td')
  return element(
    'td',
    { 'data-claim': claim.verdict },
    claim.sentence,
    element('small', { class: 'number' }, runText.comparisons.behind(claim.n, claim.pValue)),
  )
}
