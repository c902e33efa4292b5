import type { Browser, BrowserContext, Page } from 'playwright-core'

/** What a lane shows, as data attributes. */
export interface LaneReading {
  readonly technique: string
  readonly state: string
  readonly audit: string
  readonly received: number
  readonly missing: number
}

export interface Tab {
  readonly page: Page
  /** Every error and warning on its console. */
  readonly complaints: string[]
}

export async function openTab(context: Browser | BrowserContext): Promise<Tab> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', error => complaints.push(error.stack ?? error.message))
  return { page, complaints }
}

export function readLanes(page: Page): Promise<readonly LaneReading[]> {
  return page.locator('.lane').evaluateAll(lanes =>
    lanes.map(lane => {
      const { technique = '', state = '', audit = '', received, missing } = (lane as HTMLElement).dataset
      return { technique, state, audit, received: Number(received), missing: Number(missing) }
    }),
  )
}

/** Waits until all lanes have received events; fails with what they show instead. */
export async function untilLive(page: Page, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    // A page that is loading cannot be read.
    const lanes = await readLanes(page).catch(() => [])
    if (lanes.length > 0 && lanes.every(({ received }) => received > 3)) return
    if (Date.now() > deadline) throw new Error(`The lanes are at ${JSON.stringify(lanes)}`)
    await page.waitForTimeout(50)
  }
}
