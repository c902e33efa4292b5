import { RUN_FILES } from '../../../server/protocol/run.ts'
import type { KnownRun } from '../../run/known-run.ts'
import { runText } from '../../run/text/en.ts'
import { inWords } from '../../run/words.ts'
import { labUrl } from '../shared/address.ts'
import { element } from '../shared/element.ts'

/** When a run was made, and its files to keep. */
export function runHead(run: KnownRun, name: string | null): HTMLElement {
  const links = RUN_FILES.flatMap(file => [
    ' · ',
    element('a', { href: labUrl(`/api/results/${encodeURIComponent(run.id)}/${file}`).href }, file),
  ])
  return element(
    'p',
    { class: 'run-head' },
    ...(name === null ? [] : [element('b', {}, name), ' ', run.id, ' · ']),
    element('span', { class: 'muted' }, runText.started(run.startedAt)),
    ...links,
  )
}

/** What a run says about itself, its age included; `null` if nothing. */
export function caveats(run: KnownRun, title: string): readonly HTMLElement[] {
  const sentences = [
    ...(run.age === 'present' ? [] : [runText.age[run.age]]),
    ...(run.complete ? [] : [runText.incomplete]),
    ...run.caveats,
  ]
  if (sentences.length === 0) return []
  return [
    element(
      'section',
      { class: 'caveats' },
      element('h2', {}, title),
      element('ul', {}, ...sentences.map(sentence => element('li', {}, sentence))),
    ),
  ]
}

export function provenance(run: KnownRun): HTMLElement {
  const pairs = Object.entries(run.provenance).map(([name, value]) => {
    const [words, said] = inWords(name, value)
    return element('div', {}, element('dt', {}, words), element('dd', { class: 'number' }, said))
  })
  return element(
    'section',
    { class: 'provenance' },
    element('h2', {}, runText.provenance),
    element('dl', {}, ...pairs),
  )
}

/** The ways to the scenarios of a long page. */
export function scenarioLinks(scenarios: readonly string[]): HTMLElement {
  return element(
    'nav',
    { class: 'scenario-links', 'aria-label': runText.scenarios },
    ...scenarios.map(scenario => element('a', { href: `#${scenarioId(scenario)}` }, scenario)),
  )
}

export function scenarioId(scenario: string): string {
  return `scenario-${scenario}`
}

/** The name of a scenario and what it asks, and what was set for it. */
export function scenarioHead(
  scenario: string,
  question: string | undefined,
  axes: Readonly<Record<string, unknown>>,
): readonly HTMLElement[] {
  const set = Object.entries(axes).map(([name, value]) => inWords(name, value).join(' '))
  return [
    element('h2', {}, scenario),
    ...(question === undefined ? [] : [element('p', { class: 'question' }, question)]),
    ...(set.length === 0 ? [] : [element('p', { class: 'muted' }, runText.with(set))]),
  ]
}
