import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { quietPort } from '../../bench/faults/server-process.ts'
import type { LabProcess } from './testing/lab-process.ts'
import { untilLive } from './testing/open-page.ts'
import { describePage, STEADY, usePage } from './testing/page-test.ts'

describePage('the page loads itself anew', () => {
  const browsing = usePage()
  let lab: LabProcess
  let page: Page
  let loads: number

  async function open(...options: string[]): Promise<void> {
    lab = await browsing.startLab('--port', String(await quietPort()), ...STEADY, ...options)
    ;({ page } = await browsing.openTab())
    loads = 0
    page.on('load', () => {
      loads += 1
    })
    await page.goto(lab.address)
    await untilLive(page)
  }

  /** What an extension or a proxy may add, and the policy refuses. */
  const addForeignParts = () =>
    page.evaluate(() => {
      document.head.append(
        Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }),
      )
      document.head.append(Object.assign(document.createElement('script'), { textContent: 'void 0' }))
      document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/pixel' }))
      fetch('http://127.0.0.1:9/beacon').catch(() => {})
    })

  test('for nothing that somebody else adds to it, also after the server has restarted', async () => {
    await open()
    const port = new URL(lab.address).port
    await addForeignParts()
    await lab.kill()
    await page.getByText('The server is gone.').waitFor()
    const linkPort = String(Number(port) + 1)
    lab = await browsing.startLab('--port', port, ...STEADY, '--link-port', linkPort)
    await page.getByText('The server is gone.').waitFor({ state: 'hidden' })
    await addForeignParts()
    await page.waitForTimeout(1_000)
    expect(loads).toBe(1)
  }, 40_000)

  test('once for a part that a new build has replaced, and says so when that does not help', async () => {
    lab = await browsing.startLab('--rate', '20')
    ;({ page } = await browsing.openTab())
    loads = 0
    page.on('load', () => {
      loads += 1
    })
    await page.route('**/assets/live-*.js', route =>
      route.fulfill({ status: 404, json: { error: 'Gone.', code: 'not-found' } }),
    )
    await page.goto(lab.address)
    await page.getByText('A part of this page cannot be loaded').waitFor()
    await page.waitForTimeout(1_000)
    expect(loads).toBe(2)
    await page.unroute('**/assets/live-*.js')
    await page.reload()
    await untilLive(page)
  })
})
