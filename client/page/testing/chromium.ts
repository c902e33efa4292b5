import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** What to do when there is no browser. */
export const HOW_TO_GET_CHROMIUM =
  'No Chromium was found, so the page is not tested: set CHROMIUM_PATH, or run "npx playwright-core install chromium".'

/** A Chromium on this machine, or `null`. `CHROMIUM_PATH` wins; Playwright's own comes last. */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM_PATH']
  const candidates = [...(named === undefined ? [] : [named]), ...CANDIDATES, chromium.executablePath()]
  return candidates.find(path => path !== '' && existsSync(path)) ?? null
}

/** Starts that Chromium, with further flags. Rejects where there is none. */
export function launchChromium(...flags: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium() ?? '', args: [...unattended(), ...flags] })
}

/** Flags for an unattended run: nothing but the page talks to the network, and root may run it. */
function unattended(): readonly string[] {
  const root = process.getuid?.() === 0
  return [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    ...(root ? ['--no-sandbox'] : []),
  ]
}
