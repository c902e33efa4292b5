import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchChromium } from '../../../../client/page/testing/chromium.ts'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import { busyMs } from '../../times.ts'
import type { Scenario } from '../scenario.ts'

/** What a browser's six connections to one host do. */
export const browserFault = {
  async 'four-pages'(stage) {
    const { origin } = await stage.server({
      args: ['--link-port', '0', '--source', 'synthetic', '--rate', '20'],
      policy: {},
    })
    const browser = await launchChromium()
    stage.onEnd(() => browser.close())
    const context = await browser.newContext()
    await receiving(await openPage())
    for (let count = 2; count <= 3; count += 1) await openPage()
    const beganAtMs = performance.now()
    const fourth = await openPage()
    expect(performance.now() - beganAtMs).toBeLessThan(busyMs(3000))
    await takeOver(fourth)

    async function openPage(): Promise<Page> {
      const page = await context.newPage()
      await page.goto(origin)
      return page
    }
  },
} satisfies Record<string, Scenario>

/** One page at a time runs the lanes; any other can have them. */
async function takeOver(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Take over' }).click()
  await receiving(page)
}

async function receiving(page: Page): Promise<void> {
  await expect
    .poll(() => receivedByLane(page), { timeout: 15_000 })
    .toEqual(TECHNIQUES.map(technique => [technique, true]))
}

function receivedByLane(page: Page): Promise<unknown> {
  return page
    .locator('.lane')
    .evaluateAll(lanes =>
      lanes.map(lane => [
        (lane as HTMLElement).dataset['technique'],
        Number((lane as HTMLElement).dataset['received']) > 0,
      ]),
    )
}
