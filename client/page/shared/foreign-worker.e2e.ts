import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import { untilLive } from '../testing/open-page.ts'
import { describePage, STEADY, usePage } from '../testing/page-test.ts'

/** Serves everything from its own memory, as an app made to work without a network does. */
const CACHE_FIRST = `
const page = () => new Response('<!doctype html><title>shop</title><h1>The other project</h1>', { headers: { 'content-type': 'text/html' } })
addEventListener('install', event => event.waitUntil(skipWaiting()))
addEventListener('activate', event => event.waitUntil(clients.claim()))
addEventListener('fetch', event => event.respondWith(page()))
`
/** Tries the network first and answers itself what fails there. */
const NETWORK_FIRST = CACHE_FIRST.replace('page())', 'fetch(event.request).catch(page))')
/** Answers what looks like its own API. */
const API_ONLY = `
addEventListener('install', event => event.waitUntil(skipWaiting()))
addEventListener('activate', event => event.waitUntil(clients.claim()))
addEventListener('fetch', event => {
  if (event.request.url.includes('/api/')) event.respondWith(Response.json({}))
})
`

describePage('a service worker that another project left on this port', () => {
  const browsing = usePage()
  let page: Page

  test.each([
    ['answers everything itself', CACHE_FIRST],
    ['tries the network first', NETWORK_FIRST],
    ['answers the API itself', API_ONLY],
  ])(
    'which %s: gives way to the lab by itself',
    async (_name, script) => {
      const port = await quietPort()
      ;({ page } = await browsing.openTab())
      await leaveWorker(port, script)
      const lab = await browsing.startLab('--port', String(port), ...STEADY)
      // Not from the other project's page, or only the fragment would change.
      await page.goto('about:blank')
      await page.goto(`${lab.address}/#token=kept`)
      const registrations = () =>
        page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length).catch(() => -1)
      await expect.poll(registrations, { timeout: 15_000 }).toBe(0)
      await untilLive(page)
      expect(await page.evaluate(() => Object.values(sessionStorage))).toContain('kept')
    },
    40_000,
  )

  /** Another project runs on the port, is visited, and is stopped. */
  async function leaveWorker(port: number, script: string): Promise<void> {
    const other = createServer((request, response) => {
      const isScript = request.url === '/sw.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? script : '<script>navigator.serviceWorker.register("/sw.js")</script>')
    })
    other.listen(port, '127.0.0.1')
    await once(other, 'listening')
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    other.closeAllConnections()
    other.close()
    await once(other, 'close')
  }
})
