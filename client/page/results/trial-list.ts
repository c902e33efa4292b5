import type { RunTrial } from '../../../server/protocol/run.ts'
import { formatCount, formatValue, NOTHING } from '../../run/format.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'
import { ARM_IDENTITIES, shapeIcon } from '../shared/identity.ts'

/** Every trial with what the instrument doubted in it; made when it is opened, since it is long. */
export function trialList({ trials }: KnownRun): readonly HTMLElement[] {
  if (trials.length === 0) return []
  const box = element('div', {
    class: 'table-box',
    tabindex: 0,
    role: 'region',
    'aria-label': runText.checks.caption,
  })
  const root = element(
    'details',
    { class: 'trials' },
    element('summary', {}, runText.checks.summary(trials.length)),
    box,
  )
  root.addEventListener('toggle', () => box.replaceChildren(...(root.open ? [drawTable(trials)] : [])))
  return [root]
}

function drawTable(trials: readonly RunTrial[]): HTMLElement {
  const { checks: words, arm } = runText
  const heads = [arm, words.scenario, words.block, words.publishes, words.verdict, words.checks]
  return element(
    'table',
    { class: 'metric-table' },
    element('caption', {}, words.caption),
    element('thead', {}, element('tr', {}, ...heads.map(head => element('th', { scope: 'col' }, head)))),
    element('tbody', {}, ...trials.map(drawTrial)),
  )
}

function drawTrial(trial: RunTrial): HTMLElement {
  const { checks: words } = runText
  const identity = ARM_IDENTITIES[trial.arm]
  const name = trial.as === null ? identity.name : runText.floorAs(trial.arm, trial.as)
  const doubts = trial.checks.filter(check => check.verdict !== 'ok')
  const passed = words.passed(trial.checks.length - doubts.length, trial.checks.length)
  // Of a trial that failed there are no checks, only its reason.
  const sentences =
    doubts.length === 0
      ? trial.reasons
      : doubts.map(({ name, value, threshold }) => words.check(name, sayValue(value), threshold))
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      element('span', { class: 'arm' }, shapeIcon(identity), trial.twin ? `${name}, ${words.again}` : name),
    ),
    element('td', {}, [trial.scenario, trial.at].filter(part => part !== null).join(', ')),
    element('td', { class: 'number' }, String(trial.block)),
    element('td', { class: 'number' }, trial.publishes === null ? NOTHING : formatCount(trial.publishes)),
    element(
      'td',
      {},
      trial.verdict === 'ok'
        ? words.believed
        : element(
            'span',
            { class: 'verdict', 'data-verdict': trial.verdict },
            runText.verdict[trial.verdict],
          ),
    ),
    element('td', {}, ...[passed, ...sentences].map(sentence => element('small', {}, sentence))),
  )
}

function sayValue(value: number | boolean | string | null): string {
  return typeof value === 'number' ? formatValue(value) : String(value ?? NOTHING)
}
