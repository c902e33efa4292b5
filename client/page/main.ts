import { labUrl } from './shared/address.ts'
import { openControlToken } from './shared/control-token.ts'
import { element } from './shared/element.ts'
import { dismissForeignWorker } from './shared/foreign-worker.ts'
import { reloadOnce } from './shared/reload.ts'
import { installTechniqueColours } from './shared/technique-colours.ts'
import { text } from './shared/text/en.ts'
import { installTheme } from './shared/theme.ts'

const header = required('header')
const main = required('main')
const themeButton = required('#theme')
let recolour = () => {}

installTechniqueColours()
if (themeButton instanceof HTMLButtonElement) installTheme(themeButton, () => recolour())

const isResults = location.pathname === labUrl('/results').pathname
const here = labUrl(isResults ? '/results' : '/').href
for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a')) {
  if (link.href === here) link.setAttribute('aria-current', 'page')
}

// A token in the address of one page is kept for all of them.
const token = openControlToken()

// A server that was rebuilt while this page was open serves other parts: those that this page knows are gone.
addEventListener('vite:preloadError', () => {
  void findParts()
})

const worker = await dismissForeignWorker()
if (worker === 'standing') notice(text.foreignWorker)

// Each page is a chunk of its own: the results do not load the lanes, nor the other way round.
if (worker === 'leaving') {
  // The page is being reloaded.
} else if (isResults) {
  const { openResults } = await import('./results/results.ts')
  const page = openResults()
  recolour = page.recolour
  main.replaceChildren(page.root)
} else {
  const { openLive } = await import('./live/live.ts')
  const page = openLive(header, token)
  recolour = page.recolour
  main.replaceChildren(page.root)
}

/** A running server has the parts under other names. While there is no server, this page stays. */
async function findParts(): Promise<void> {
  const isThere = await fetch(labUrl('/'), { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  )
  if (isThere && reloadOnce(`parts of ${import.meta.url}`)) return
  notice(text.partMissing)
}

/** Adds a notice above the page, which stays when the page is drawn. */
function notice(sentence: string): void {
  main.before(element('p', { class: 'strip fail notice', role: 'alert' }, `✕ ${sentence}`))
}

function required(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`index.html has no ${selector}`)
  return found
}
