import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { findChromium, launchChromium } from '../../../../client/page/testing/chromium.ts'
import type { BrowserLibrary } from './browser-readers.ts'
import type { Asking, ForeignClient } from './foreign-client.ts'

const executablePath = findChromium()
const NO_CHROMIUM =
  executablePath === null
    ? 'No Chromium was found, so the npm packages for browsers are not tested: set CHROMIUM_PATH.'
    : null

const LIBRARIES: readonly BrowserLibrary[] = [
  "Chromium's EventSource",
  'event-source-polyfill',
  'reconnecting-eventsource',
  '@microsoft/fetch-event-source',
]

/** What was made for a browser, each in a page of its own. */
export const BROWSER: readonly ForeignClient[] = LIBRARIES.map(library => ({
  name: library,
  missing: NO_CHROMIUM,
  read: asking => readInChromium(library, asking),
}))

async function readInChromium(library: BrowserLibrary, { origin, cursor, tell }: Asking) {
  const [browser, script] = await Promise.all([opened(), bundled()])
  const page = await browser.newPage()
  // The server has no such page. Answered here, it is of the origin of the server's second port.
  await page.route(`${origin}/reader`, route =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><script>${script}</script>` }),
  )
  await page.exposeFunction('tellAll', (lines: readonly string[]) => {
    for (const line of lines) tell(line)
  })
  await page.goto(`${origin}/reader`)
  await page.evaluate(`readWith(${JSON.stringify({ library, cursor })}, tellAll); undefined`)
  return async () => {
    await page.close()
    if (browser.contexts().length === 0) await browser.close()
  }
}

let launched: Promise<Browser> | null = null

function opened(): Promise<Browser> {
  launched ??= launchChromium()
  return launched
}

let bundle: Promise<string> | null = null

function bundled(): Promise<string> {
  bundle ??= bundleReaders()
  return bundle
}

async function bundleReaders(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      minify: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('browser-readers.ts', import.meta.url)),
        output: { format: 'iife' },
      },
    },
  })
  const [output] = [built].flat() as Rolldown.RolldownOutput[]
  return output?.output[0].code ?? ''
}
