import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchChromium } from './testing/chromium.ts'
import { type LabProcess, startLab } from './testing/lab-process.ts'
import { openTab, untilLive } from './testing/open-page.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === null)(
  'every canvas of the page is as sharp as what it is drawn on',
  () => {
    let browser: Browser
    let lab: LabProcess
    let context: BrowserContext
    let page: Page

    beforeAll(async () => {
      browser = await launchChromium()
      lab = await startLab('--port', '0', '--rate', '20', '--timing', 'fixed')
    })
    afterAll(async () => {
      await browser?.close()
      await lab?.kill()
    })
    beforeEach(async () => {
      context = await browser.newContext({ viewport: { width: 1000, height: 800 } })
      ;({ page } = await openTab(context))
      await page.goto(lab.address)
      await untilLive(page)
    })
    afterEach(() => context.close())

    /** Pixels of each canvas to a CSS pixel, and whether anything is drawn on it. */
    const readCanvases = () =>
      page.locator('canvas').evaluateAll(found =>
        found.map(canvas => {
          const { width, height, clientWidth } = canvas as HTMLCanvasElement
          const pixels = (canvas as HTMLCanvasElement)
            .getContext('2d')
            ?.getImageData(0, 0, width, height).data
          return {
            density: Math.round((width / clientWidth) * 10) / 10,
            drawn: pixels?.some(value => value > 0) ?? false,
          }
        }),
      )
    const allAt = (density: number) => Array.from({ length: 6 }, () => ({ density, drawn: true }))

    test('after the window has moved to another screen, there and back, with the same size on it', async () => {
      const client = await context.newCDPSession(page)
      for (const deviceScaleFactor of [2, 3, 1.5, 1]) {
        await client.send('Emulation.setDeviceMetricsOverride', {
          width: 1000,
          height: 800,
          deviceScaleFactor,
          mobile: false,
        })
        await expect.poll(readCanvases).toEqual(allAt(deviceScaleFactor))
      }
    })

    test('on paper, within the event that announces it, and on the screen again afterwards', async () => {
      await expect.poll(readCanvases).toEqual(allAt(1))
      const onPaper = await page.evaluate(() => {
        dispatchEvent(new Event('beforeprint'))
        return [...document.querySelectorAll('canvas')].map(canvas => {
          const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
          return {
            density: Math.round((canvas.width / canvas.clientWidth) * 10) / 10,
            drawn: pixels?.some(value => value > 0) ?? false,
          }
        })
      })
      expect(onPaper).toEqual(allAt(3))
      await page.evaluate(() => dispatchEvent(new Event('afterprint')))
      await expect.poll(readCanvases).toEqual(allAt(1))
    })
  },
)
