import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { findChromium, HOW_TO_GET_CHROMIUM, launchChromium } from './chromium.ts'
import { type LabProcess, startLab } from './lab-process.ts'
import { openTab, type Tab } from './open-page.ts'

const hasChromium = findChromium() !== null
if (!hasChromium) process.stderr.write(`${HOW_TO_GET_CHROMIUM}\n`)

/** A `describe` that is skipped where there is no browser. */
export const describePage = describe.skipIf(!hasChromium)

/** Options for a lab whose events come at a steady pace: a test that waits for several must know how long that takes. */
export const STEADY = ['--rate', '20', '--timing', 'fixed'] as const

/** The browser, servers and tabs of one test file. What a test opens ends with the test, the rest with the file. */
export interface PageTest {
  readonly browser: Browser
  startLab(...options: readonly string[]): Promise<LabProcess>
  /** A tab in a browser profile of its own. */
  openTab(options?: BrowserContextOptions): Promise<Tab>
  /** One more tab in the same profile. */
  openBeside(page: Page): Promise<Tab>
}

/** Call it in a `describePage`, before the hooks that use it. */
export function usePage(): PageTest {
  let browser: Browser | null = null
  const ofFile: End[] = []
  const ofTest: End[] = []
  let present = ofFile

  beforeAll(async () => {
    browser = await launchChromium()
  })
  beforeEach(() => {
    present = ofTest
  })
  afterEach(async () => {
    present = ofFile
    await endAll(ofTest)
  })
  afterAll(async () => {
    await endAll(ofFile)
    await browser?.close()
  })

  return {
    get browser() {
      if (browser === null) throw new Error('The browser starts in beforeAll.')
      return browser
    },
    async startLab(...options) {
      const lab = await startLab('--port', '0', ...options)
      present.push(() => lab.kill())
      return lab
    },
    async openTab(options) {
      const context = await this.browser.newContext(options)
      present.push(() => context.close())
      return openTab(context)
    },
    openBeside: page => openTab(page.context()),
  }
}

type End = () => Promise<void>

/** The newest first: tabs go before the server that they read from. */
async function endAll(ends: End[]): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end()
}
