import type { ResultsList, Run } from '../../../server/protocol/run.ts'
import { asRun } from '../../run/as-run.ts'
import { factSentence, runText } from '../../run/text/en.ts'
import { labUrl } from '../shared/address.ts'
import { element } from '../shared/element.ts'
import type { Page } from '../shared/page.ts'
import { readPalette } from '../shared/palette.ts'
import { text } from '../shared/text/en.ts'
import { createPairView } from './pair-view.ts'
import { createRunView } from './run-view.ts'

/** The results page: the newest run, or the one that was picked, alone or beside another; the pick stands in the address. */
export function openResults(): Page {
  const picker = element('p', { class: 'pickers' })
  const shown = element('div', { role: 'status' }, runText.loading)
  const odd = element('div', { class: 'unreadable-runs muted' })
  const root = element('div', { class: 'results' }, element('h1', {}, runText.title), picker, odd, shown)
  let view: Page | null = null
  let asked = 0

  open().catch(complain)

  return { root, recolour: () => view?.recolour() }

  async function open(): Promise<void> {
    const { runs, unreadable = [] } = (await read('/api/results')) as ResultsList
    odd.replaceChildren(
      ...unreadable.map(({ id, reason }) =>
        element('p', {}, runText.unreadableRun(id, factSentence(reason))),
      ),
    )
    const [newest] = runs
    if (newest === undefined) {
      shown.replaceChildren(
        element('p', {}, runText.none),
        element('pre', { tabindex: 0 }, element('code', {}, runText.command)),
      )
      return
    }
    const address = new URLSearchParams(location.search)
    const known = (name: string) => runs.find(({ id }) => id === address.get(name))?.id
    const one = picks('run', runs, known('run') ?? newest.id)
    const other = picks('with', runs, known('with') ?? '')
    other.prepend(element('option', { value: '', selected: known('with') === undefined }, runText.alone))
    for (const select of [one, other]) {
      select.addEventListener('change', () => {
        const chosen = new URLSearchParams({ run: one.value })
        if (other.value !== '') chosen.set('with', other.value)
        history.replaceState(null, '', `?${chosen}`)
        show(one.value, other.value).catch(complain)
      })
    }
    picker.replaceChildren(
      element('label', { for: 'run' }, runText.pick),
      one,
      ...(runs.length < 2 ? [] : [element('label', { for: 'with' }, runText.pickOther), other]),
    )
    await show(one.value, other.value)
  }

  async function show(id: string, otherId: string): Promise<void> {
    const mine = ++asked
    const [run, other] = await Promise.all([readRun(id), otherId === '' ? null : readRun(otherId)])
    // The reader may pick faster than runs are read: the last pick counts.
    if (mine !== asked) return
    try {
      view = other === null ? createRunView(run, readPalette) : createPairView(run, other)
    } catch {
      throw new Explained(runText.odd)
    }
    shown.removeAttribute('role')
    shown.replaceChildren(view.root)
    // The browser looked for the address's target before it was there.
    if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }

  function complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : ''
    const sentence = error instanceof Explained ? reason : runText.unreadable(reason)
    shown.replaceChildren(element('p', { class: 'strip fail' }, sentence))
  }
}

function picks(id: string, runs: ResultsList['runs'], chosen: string): HTMLSelectElement {
  const options = runs.map(({ id, tier, complete }) =>
    element('option', { value: id, selected: id === chosen }, runText.run(id, tier, complete)),
  )
  return element('select', { id }, ...options)
}

/** Its message says all there is to say. */
class Explained extends Error {}

/** Rejects with `Explained` for a run that cannot be shown. */
async function readRun(id: string): Promise<Run> {
  const found = asRun(await read(`/api/results/${encodeURIComponent(id)}`))
  if ('refused' in found) throw new Explained(runText.unreadableRun(id, factSentence(found.refused)))
  return found.run
}

async function read(path: string): Promise<unknown> {
  const response = await fetch(labUrl(path))
  if (!response.ok) throw new Error(text.commandRefused(response.status))
  return response.json()
}
