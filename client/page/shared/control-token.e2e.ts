import { beforeAll, expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import type { Tab } from '../testing/open-page.ts'
import { describePage, usePage } from '../testing/page-test.ts'

const TOKEN = 'a-token-for-tests'

describePage('the control token', () => {
  const browsing = usePage()
  let port: string

  beforeAll(async () => {
    port = String(await quietPort())
    await start(TOKEN)
  })

  const start = (token: string) => browsing.startLab('--port', port, '--rate', '0', '--lan', '--token', token)
  const address = () => `http://127.0.0.1:${port}`

  async function emits(page: Tab['page']): Promise<number> {
    const answered = page.waitForResponse('**/api/events')
    await page.locator('[data-command="emit"]').click()
    return (await answered).status()
  }

  test('stays with the tab by Live, Results and Live, and by a reload, and never stands in an address', async () => {
    const { page, complaints } = await browsing.openTab()
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
  })

  test('is taken from the address of any page, and is not shared with another tab', async () => {
    const { page } = await browsing.openTab()
    await page.goto(`${address()}/results#token=${TOKEN}`)
    await page.getByRole('link', { name: 'Live', exact: true }).click()
    expect(await emits(page)).toBe(201)
    const { page: other } = await browsing.openBeside(page)
    await other.goto(address())
    expect(await emits(other)).toBe(401)
    await other.getByText('Commands need the control token').first().waitFor()
  })

  test('of an earlier start is dropped, and the page says so; that of a new link is taken without a reload', async () => {
    const { page } = await browsing.openTab()
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
  })
})
