import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchChromium } from '../../../../client/page/testing/chromium.ts'
import { TECHNIQUES, traitsOf } from '../../../../server/protocol/techniques.ts'
import { unscaledLimitMs } from '../../contract-times.ts'
import type { FaultTest } from '../testbed.ts'

/** What a browser's limit of six connections to one host does. */
export const browserFault = {
  async 'four-pages'(testbed) {
    const { origin } = await testbed.startServer({
      args: ['--link-port', '0', '--source', 'synthetic', '--rate', '20'],
    })
    const browser = await launchChromium()
    testbed.onEnd(() => browser.close())
    const context = await browser.newContext()
    await expectAllLanesReceive(await openPage())
    for (let count = 2; count <= 3; count += 1) await openPage()
    const startedAtMs = performance.now()
    const fourth = await openPage()
    expect(performance.now() - startedAtMs).toBeLessThan(unscaledLimitMs(3000))
    // Only one page at a time runs the lanes.
    await fourth.getByRole('button', { name: 'Take over' }).click()
    await expectAllLanesReceive(fourth)

    async function openPage(): Promise<Page> {
      const page = await context.newPage()
      await page.goto(origin)
      return page
    }
  },
} satisfies Record<string, FaultTest>

async function expectAllLanesReceive(page: Page): Promise<void> {
  const lanes = TECHNIQUES.filter(technique => traitsOf(technique).laneAtFirst)
  await expect
    .poll(() => lanesThatReceived(page), { timeout: 15_000 })
    .toEqual(lanes.map(technique => [technique, true]))
}

function lanesThatReceived(page: Page): Promise<unknown> {
  return page
    .locator('.lane')
    .evaluateAll(lanes =>
      lanes.map(lane => [
        (lane as HTMLElement).dataset['technique'],
        Number((lane as HTMLElement).dataset['received']) > 0,
      ]),
    )
}
