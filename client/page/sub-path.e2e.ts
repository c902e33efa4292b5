import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createProxy,
  missing,
  NGINX,
  type ReverseProxy,
  shippedNginx,
} from '../../bench/faults/testing/proxies.ts'
import type { LabProcess } from './testing/lab-process.ts'
import { untilLive } from './testing/open-page.ts'
import { describePage, STEADY, usePage } from './testing/page-test.ts'

const noNginx = missing(NGINX)
if (noNginx !== null) process.stderr.write(`${noNginx}\n`)

describePage('the page below a path of a proxy', { skip: noNginx !== null }, () => {
  const browsing = usePage()
  let nginx: ReverseProxy
  let lab: LabProcess

  beforeAll(async () => {
    nginx = await createProxy(NGINX)
    lab = await browsing.startLab(...STEADY, '--allow-host', nginx.host)
    await nginx.start(Number(new URL(lab.address).port), (...addresses) =>
      shippedNginx(...addresses)
        .replace('location / {', 'location /lab/ {')
        .replace('proxy_pass http://push_lab;', 'proxy_pass http://push_lab/;')
        // The harness asks here whether nginx is up.
        .replace('gzip off;', 'gzip off;\nlocation = /api/health { return 200; }'),
    )
  })
  afterAll(() => nginx?.stop())

  test.each(['/lab/', '/lab', '/lab/index.html'])('%s has live lanes and its commands', async path => {
    const { page, complaints } = await browsing.openTab()
    const paths: string[] = []
    page.on('request', request => paths.push(new URL(request.url()).pathname))
    await page.goto(nginx.origin + path)
    await untilLive(page)
    const answered = page.waitForResponse('**/lab/api/events')
    await page.locator('[data-command="emit"]').click()
    expect((await answered).status()).toBe(201)
    expect(paths.filter(pathname => !pathname.startsWith('/lab'))).toEqual([])
    expect(complaints).toEqual([])
  })

  test('its links lead to the results and back, each marked as the present one', async () => {
    const { page, complaints } = await browsing.openTab()
    await page.goto(`${nginx.origin}/lab/`)
    for (const [name, path] of [
      ['Results', '/lab/results'],
      ['Live', '/lab/'],
    ] as const) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.waitForURL(nginx.origin + path)
      await page.locator(`nav a[aria-current="page"]:text("${name}")`).waitFor()
    }
    await page.goto(`${nginx.origin}/lab/results`)
    await page.locator('.results select, .results pre').first().waitFor()
    const icon = await page.locator('link[rel="icon"]').evaluate(link => (link as HTMLLinkElement).href)
    expect((await page.request.get(icon)).status()).toBe(200)
    const outside = await page
      .locator('a[href]')
      .evaluateAll(links => links.map(link => (link as HTMLAnchorElement).pathname))
    expect(outside.filter(pathname => !pathname.startsWith('/lab'))).toEqual([])
    expect(complaints).toEqual([])
  })
})
