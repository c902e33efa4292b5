import { installTheme } from './theme.ts'

const header = required('header')
const main = required('main')
const themeButton = required('#theme')
let recolour = () => {}

if (themeButton instanceof HTMLButtonElement) installTheme(themeButton, () => recolour())

const path = location.pathname === '/results' ? '/results' : '/'
for (const link of document.querySelectorAll('nav a')) {
  if (link.getAttribute('href') === path) link.setAttribute('aria-current', 'page')
}

// Each page is a chunk of its own: who looks at results does not load the lanes, nor the other way round.
if (path === '/results') {
  const { openResults } = await import('./results/results.ts')
  const page = openResults()
  recolour = page.recolour
  main.replaceChildren(page.root)
} else {
  const { openLive } = await import('./live/live.ts')
  const page = openLive(header)
  recolour = page.recolour
  main.replaceChildren(page.root)
}

function required(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`index.html has no ${selector}`)
  return found
}
