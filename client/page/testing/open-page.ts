import type { Browser, BrowserContext, Page } from 'playwright-core'

/** What a lane says of itself. */
export interface LaneReading {
  readonly technique: string
  readonly state: string
  readonly received: number
}

/** Test support: a tab, and everything its console complained of. */
export async function openTab(
  context: Browser | BrowserContext,
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
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
      const { technique = '', state = '', received } = (lane as HTMLElement).dataset
      return { technique, state, received: Number(received) }
    }),
  )
}

/** Waits until all lanes have received events; fails with what they said instead. */
export async function untilLive(page: Page, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    // A page that is being loaded cannot be read.
    const lanes = await readLanes(page).catch(() => [])
    if (lanes.length > 0 && lanes.every(({ received }) => received > 3)) return
    if (Date.now() > deadline) throw new Error(`The lanes stand at ${JSON.stringify(lanes)}`)
    await page.waitForTimeout(50)
  }
}
