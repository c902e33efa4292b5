import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import { findChromium, launchChromium } from '../testing/chromium.ts'
import { type LabProcess, startLab } from '../testing/lab-process.ts'
import { openTab } from '../testing/open-page.ts'

const executablePath = findChromium()
const TOKEN = 'a-token-for-tests'

describe.skipIf(executablePath === null)('the control token', () => {
  let browser: Browser
  let lab: LabProcess
  let port: string

  beforeAll(async () => {
    browser = await launchChromium()
    port = String(await quietPort())
    lab = await start(TOKEN)
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.kill()
  })

  const start = (token: string) => startLab('--port', port, '--rate', '0', '--lan', '--token', token)
  const address = () => `http://127.0.0.1:${port}`

  async function emits(page: Awaited<ReturnType<typeof openTab>>['page']): Promise<number> {
    const answered = page.waitForResponse('**/api/events')
    await page.locator('[data-command="emit"]').click()
    return (await answered).status()
  }

  test('stays with the tab by Live, Results and Live, and by a reload, and never stands in an address', async () => {
    const { page, complaints } = await openTab(browser)
    const urls: string[] = []
    page.on('request', request => urls.push(request.url()))
    await page.goto(`${address()}/#token=${TOKEN}`)
    expect(await emits(page)).toBe(201)
    await page.getByRole('link', { name: 'Results', exact: true }).click()
    await page.waitForURL('**/results')
    await page.getByRole('link', { name: 'Live', exact: true }).click()
    await page.waitForURL(`${address()}/`)
    expect(await emits(page)).toBe(201)
    await page.reload()
    expect(await emits(page)).toBe(201)
    expect(urls.filter(url => new URL(url).search.includes(TOKEN))).toEqual([])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('is learnt on whatever page the link leads to, and is not shared with another tab', async () => {
    const context = await browser.newContext()
    const { page } = await openTab(context)
    await page.goto(`${address()}/results#token=${TOKEN}`)
    await page.getByRole('link', { name: 'Live', exact: true }).click()
    expect(await emits(page)).toBe(201)
    const { page: other } = await openTab(context)
    await other.goto(address())
    expect(await emits(other)).toBe(401)
    await other.getByText('Commands need the control token').first().waitFor()
    await context.close()
  })

  test('of an earlier start is said to be one and dropped; that of a new link is taken without a reload', async () => {
    const { page } = await openTab(browser)
    await page.goto(`${address()}/#token=from-yesterday`)
    expect(await emits(page)).toBe(401)
    await page.getByText('The control token is not that of this server').first().waitFor()
    expect(page.url()).toBe(`${address()}/`)
    await page.evaluate(token => {
      location.hash = `token=${token}`
    }, TOKEN)
    await expect.poll(() => page.locator('[data-command="emit"]').isEnabled()).toBe(true)
    expect(await emits(page)).toBe(201)
    // Back does not bring the old one again, and no projector shows the new one.
    expect(page.url()).not.toContain(TOKEN)
    await page.goBack()
    expect(await emits(page)).toBe(201)
    await page.close()
  })
})
