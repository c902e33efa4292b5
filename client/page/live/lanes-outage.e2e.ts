import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { launchChromium } from '../testing/chromium.ts'
import type { LabProcess } from '../testing/lab-process.ts'
import { openTab, readLanes, untilLive } from '../testing/open-page.ts'
import { describePage, STEADY, usePage } from '../testing/page-test.ts'

import { LANES_AT_FIRST } from './session/lane-choice.ts'

describePage('lanes that do not reach the server, while the page does', () => {
  const browsing = usePage()
  let lab: LabProcess
  let page: Page

  const start = async (...options: string[]) => {
    lab = await browsing.startLab(...STEADY, ...options)
  }
  const linkPort = async () =>
    ((await (await fetch(`${lab.address}/api/health`)).json()) as { link: { port: number } }).link.port
  const setLink = (conditions: object) =>
    fetch(`${lab.address}/api/link`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(conditions),
    })
  const strip = () => page.getByRole('alert').filter({ hasText: 'The lanes' })

  test('are said not to within ten seconds, with the port and what to do', async () => {
    await start()
    const port = await linkPort()
    // As a container, or a tunnel, of which the first port alone is forwarded: nobody listens at the other.
    const tunnelled = await launchChromium(`--host-resolver-rules=MAP 127.0.0.1:${port} 127.0.0.1:9`)
    try {
      ;({ page } = await openTab(tunnelled))
      await page.goto(lab.address)
      await strip().waitFor({ timeout: 10_000 })
      expect(await strip().textContent()).toContain(
        `The lanes cannot reach port ${port}, though this page’s own connection works: forward that port too, or start the server with --link-port off.`,
      )
      expect((await readLanes(page)).map(({ received }) => received)).toEqual(LANES_AT_FIRST.map(() => 0))
    } finally {
      await tunnelled.close()
    }
  })

  test('are said not to when an extension blocks them, and no more once they come through', async () => {
    await start()
    ;({ page } = await browsing.openTab())
    const port = await linkPort()
    const client = await page.context().newCDPSession(page)
    await client.send('Network.enable')
    // Playwright's own way stops no WebSocket; this is how an extension's rule works.
    await client.send('Network.setBlockedURLs', { urls: [`http://127.0.0.1:${port}/*`] })
    await page.routeWebSocket(new RegExp(`:${port}/ws`), socket => socket.close())
    await page.goto(lab.address)
    await strip().waitFor({ timeout: 10_000 })
    await client.send('Network.setBlockedURLs', { urls: [] })
    await strip().waitFor({ state: 'hidden', timeout: 30_000 })
    await expect.poll(async () => (await readLanes(page)).some(({ received }) => received > 0)).toBe(true)
  }, 60_000)

  test('are said not to where they share the page’s own port, and a proxy passes their paths on to nobody', async () => {
    await start('--link-port', 'off')
    ;({ page } = await browsing.openTab())
    await page.route(/\/(poll|long-poll|sse)\?/, route =>
      route.fulfill({ status: 404, body: '<h1>Not here</h1>' }),
    )
    await page.routeWebSocket(/\/ws\?/, socket => socket.close())
    await page.goto(lab.address)
    await strip().waitFor({ timeout: 10_000 })
    expect(await strip().textContent()).toContain('pass on /poll, /long-poll, /sse')
  })

  test.each([
    ['a way that swallows everything', { blackhole: true }],
    ['a way that refuses everything', { refuseStatus: 503 }],
  ])(
    'are not said to be blocked by somebody else when the cause is %s',
    async (_name, conditions) => {
      await start()
      await setLink(conditions)
      ;({ page } = await browsing.openTab())
      await page.goto(lab.address)
      await page.waitForTimeout(9_000)
      expect(await strip().isVisible()).toBe(false)
      await setLink({})
      // Nor while they wait for their next try afterwards.
      await untilLive(page, 40_000)
      expect(await strip().isVisible()).toBe(false)
    },
    70_000,
  )

  test('are not said to be while the server is gone', async () => {
    await start()
    ;({ page } = await browsing.openTab())
    await page.goto(lab.address)
    await untilLive(page)
    await lab.kill()
    await page.getByText('The server is gone.').waitFor()
    await page.waitForTimeout(8_000)
    expect(await strip().isVisible()).toBe(false)
  }, 40_000)
})
