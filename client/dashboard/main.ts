import { labUrl } from './base.ts'
import { openControlToken } from './control-token.ts'
import { installTheme } from './theme.ts'

const header = required('header')
const main = required('main')
const themeButton = required('#theme')
let recolour = () => {}

if (themeButton instanceof HTMLButtonElement) installTheme(themeButton, () => recolour())

const isResults = location.pathname === labUrl('/results').pathname
const here = labUrl(isResults ? '/results' : '/').href
for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a')) {
  if (link.href === here) link.setAttribute('aria-current', 'page')
}

// Whichever page a link with a token leads to, it is kept for all of them.
const token = openControlToken()

// Each page is a chunk of its own: who looks at results does not load the lanes, nor the other way round.
if (isResults) {
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

function required(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`index.html has no ${selector}`)
  return found
}
