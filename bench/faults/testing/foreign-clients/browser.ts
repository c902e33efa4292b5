import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { findChromium, launchChromium } from '../../../../client/page/testing/chromium.ts'
import type { BrowserLibrary } from './browser-readers.ts'
import type { ForeignClient, ReadOptions } from './foreign-client.ts'

const executablePath = findChromium()
const NO_CHROMIUM =
  executablePath === null
    ? 'The clients for browsers are not tested, because no Chromium was found: set CHROMIUM_PATH.'
    : null

const LIBRARIES: readonly BrowserLibrary[] = [
  "Chromium's EventSource",
  'event-source-polyfill',
  'reconnecting-eventsource',
  '@microsoft/fetch-event-source',
]

/** Clients for browsers, each in a page of its own. */
export const BROWSER: readonly ForeignClient[] = LIBRARIES.map(library => ({
  name: library,
  missing: NO_CHROMIUM,
  read: options => readInChromium(library, options),
}))

async function readInChromium(library: BrowserLibrary, { origin, cursor, report }: ReadOptions) {
  const [browser, script] = await Promise.all([openBrowser(), bundleOnce()])
  const page = await browser.newPage()
  // The server has no such page: it is answered here, so that its origin is the server's second port.
  await page.route(`${origin}/reader`, route =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><script>${script}</script>` }),
  )
  await page.exposeFunction('reportAll', (lines: readonly string[]) => {
    for (const line of lines) report(line)
  })
  await page.goto(`${origin}/reader`)
  await page.evaluate(`readWith(${JSON.stringify({ library, cursor })}, reportAll); undefined`)
  return async () => {
    await page.close()
    if (browser.contexts().length === 0) await browser.close()
  }
}

let launched: Promise<Browser> | null = null

function openBrowser(): Promise<Browser> {
  launched ??= launchChromium()
  return launched
}

let bundle: Promise<string> | null = null

function bundleOnce(): Promise<string> {
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
