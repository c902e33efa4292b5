import { RUN_FILES, type Run } from '../../../server/protocol/run.ts'
import { axesOf, settingsText } from '../../run/differences.ts'
import { provenanceOf } from '../../run/provenance.ts'
import { factSentence, runText, scenarioText, scenarioTitle } from '../../run/text/en.ts'
import { labUrl } from '../shared/address.ts'
import { element } from '../shared/element.ts'

/** When a run was made, and its files to keep. */
export function runHead(run: Run, name: string | null): HTMLElement {
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

/** What a run says of itself. */
export function caveats(run: Run, title: string): readonly HTMLElement[] {
  if (run.caveats.length === 0) return []
  const items = run.caveats.map(fact => element('li', {}, factSentence(fact)))
  return [element('section', { class: 'caveats' }, element('h2', {}, title), element('ul', {}, ...items))]
}

export function provenance(run: Run): HTMLElement {
  const pairs = provenanceOf(run).map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', { class: 'number' }, value)),
  )
  return element(
    'section',
    { class: 'provenance' },
    element('h2', {}, runText.provenance),
    element('dl', {}, ...pairs),
  )
}

export function remark(text: string, kind = ''): HTMLElement {
  return element('p', { class: `read muted ${kind}`.trim() }, text)
}

/** Links to the scenarios of a long page. */
export function scenarioLinks(scenarios: readonly string[]): HTMLElement {
  return element(
    'nav',
    { class: 'scenario-links', 'aria-label': runText.scenarios },
    ...scenarios.map(scenario => element('a', { href: `#${scenarioId(scenario)}` }, scenarioTitle(scenario))),
  )
}

function scenarioId(scenario: string): string {
  return `scenario-${scenario}`
}

/** One scenario: its title, what it asks, what was set for it, and all that is shown of it. */
export function scenarioSection(run: Run, scenario: string, ...content: readonly HTMLElement[]): HTMLElement {
  const { question, note } = scenarioText(scenario)
  const settings = settingsText(axesOf(run).get(scenario))
  return element(
    'section',
    { class: 'scenario', id: scenarioId(scenario), 'data-scenario': scenario },
    element('h2', {}, scenarioTitle(scenario)),
    ...(question === undefined ? [] : [element('p', { class: 'question' }, question)]),
    ...(settings === null ? [] : [element('p', { class: 'muted' }, settings)]),
    ...content,
    ...(note === undefined ? [] : [remark(note)]),
  )
}
