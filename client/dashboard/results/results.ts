import type { ResultsList, Run } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element } from '../element.ts'
import type { Page } from '../page.ts'
import { readPalette } from '../palette.ts'
import { createRunView, type RunView } from './run-view.ts'

/** The results page: the newest run, or the one that was picked; the pick stands in the address. */
export function openResults(): Page {
  const picker = element('p', { class: 'pickers' })
  const shown = element('div', { role: 'status' }, text.results.loading)
  const root = element('div', { class: 'results' }, element('h1', {}, text.results.title), picker, shown)
  let view: RunView | null = null

  open().catch(complain)

  return { root, recolour: () => view?.recolour() }

  async function open(): Promise<void> {
    const { runs } = await read<ResultsList>('/api/results')
    const newest = runs[0]
    if (newest === undefined) {
      shown.replaceChildren(
        element('p', {}, text.results.none),
        element('pre', { tabindex: 0 }, element('code', {}, text.results.command)),
      )
      return
    }
    const asked = new URLSearchParams(location.search).get('run')
    const first = runs.find(run => run.id === asked)?.id ?? newest.id
    const select = element(
      'select',
      { id: 'run' },
      ...runs.map(run =>
        element(
          'option',
          { value: run.id, selected: run.id === first },
          text.results.run(run.id, run.tier, run.complete),
        ),
      ),
    )
    select.addEventListener('change', () => {
      history.replaceState(null, '', `?run=${encodeURIComponent(select.value)}`)
      show(select.value).catch(complain)
    })
    picker.replaceChildren(element('label', { for: 'run' }, text.results.pick), select)
    await show(first)
  }

  async function show(id: string): Promise<void> {
    const run = await read<Run>(`/api/results/${encodeURIComponent(id)}`)
    view = createRunView(run, readPalette)
    shown.removeAttribute('role')
    shown.replaceChildren(view.root)
  }

  function complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : ''
    shown.replaceChildren(element('p', { class: 'strip fail' }, text.results.unreadable(reason)))
  }
}

async function read<T>(path: string): Promise<T> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(text.commandRefused(response.status))
  return (await response.json()) as T
}
