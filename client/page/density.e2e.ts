import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { LANES_AT_FIRST } from './live/session/lane-choice.ts'
import type { LabProcess } from './testing/lab-process.ts'
import { untilLive } from './testing/open-page.ts'
import { describePage, STEADY, usePage } from './testing/page-test.ts'

describePage('every canvas of the page is as sharp as what it is drawn on', () => {
  const browsing = usePage()
  let lab: LabProcess
  let page: Page

  beforeAll(async () => {
    lab = await browsing.startLab(...STEADY)
  })
  beforeEach(async () => {
    ;({ page } = await browsing.openTab({ viewport: { width: 1000, height: 800 } }))
    await page.goto(lab.address)
    await untilLive(page)
  })

  /** Pixels of each canvas to a CSS pixel, and whether anything is drawn on it. */
  const readCanvases = () =>
    page.locator('canvas').evaluateAll(found =>
      found.map(canvas => {
        const { width, height, clientWidth } = canvas as HTMLCanvasElement
        const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data
        return {
          density: Math.round((width / clientWidth) * 10) / 10,
          drawn: pixels?.some(value => value > 0) ?? false,
        }
      }),
    )
  const allAt = (density: number) =>
    Array.from({ length: LANES_AT_FIRST.length + 2 }, () => ({ density, drawn: true }))

  test('after the window has moved to another screen, there and back, with the same size on it', async () => {
    const client = await page.context().newCDPSession(page)
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
})
