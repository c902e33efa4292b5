import { networkInterfaces } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import { LANES_AT_FIRST } from './live/session/lane-choice.ts'
import { findChromium, launchChromium } from './testing/chromium.ts'
import { type LabProcess, startLab } from './testing/lab-process.ts'

const executablePath = findChromium()
const STEADY = ['--port', '0', '--rate', '20', '--timing', 'fixed']
const own = Object.values(networkInterfaces()).flatMap(found => found ?? [])
const ipv6 = own.some(({ address }) => address === '::1')
/** An address of this machine on a network, of each family, as a URL writes it. */
const onNetwork = (wanted: 'IPv4' | 'IPv6') =>
  own.find(({ family, internal, address }) => family === wanted && !internal && !address.startsWith('fe80'))
    ?.address
const address4 = onNetwork('IPv4')
const address6 = onNetwork('IPv6')

describe.skipIf(executablePath === null)('the page, in a real browser', () => {
  let lab: LabProcess
  let browser: Browser | null = null
  let complaints: string[]

  afterEach(async () => {
    await browser?.close()
    await lab?.kill()
    browser = null
  })

  const cases: [string, string[], string][] = [
    ['at localhost, which is both of loopback’s addresses', ['--host', 'localhost'], 'localhost'],
    ['at the IPv4 address of localhost', ['--host', 'localhost'], '127.0.0.1'],
  ]
  if (ipv6) {
    cases.push(['at the IPv6 address of localhost', ['--host', 'localhost'], '[::1]'])
    cases.push(['at ::1', ['--host', '::1'], '[::1]'])
    cases.push(['at :: by IPv6', ['--lan', '--host', '::'], '[::1]'])
    cases.push(['at :: by IPv4', ['--lan', '--host', '::'], '127.0.0.1'])
  }
  if (address4 !== undefined) cases.push(['on the network by IPv4', ['--lan'], address4])
  if (address6 !== undefined) cases.push(['on the network by IPv6', ['--lan'], `[${address6}]`])

  test.each(cases)('%s has live lanes that travel by the link', async (_what, options, host) => {
    lab = await startLab(...STEADY, ...options)
    const address = `http://${host}:${new URL(lab.address).port}`
    const page = await open(address)
    await untilLive(page)
    expect(new Set(await lanesOrigins(page))).toEqual(new Set([`http://${host}:${await linkPort()}`]))
    expect(complaints).toEqual([])
  })

  test('under a name from --allow-host has live lanes, at its own origin', async () => {
    lab = await startLab(...STEADY, '--allow-host', 'lab.test:8080')
    // As a container's forwarded port: of the second port nothing is to be seen under that name.
    const { port } = new URL(lab.address)
    const page = await open(
      'http://lab.test:8080',
      `--host-resolver-rules=MAP lab.test:8080 127.0.0.1:${port}`,
    )
    await untilLive(page)
    expect(new Set(await lanesOrigins(page))).toEqual(new Set(['http://lab.test:8080']))
    expect(complaints).toEqual([])
  })

  test('keeps its lanes from anywhere else', async () => {
    lab = await startLab(...STEADY, '--host', ipv6 ? '::1' : '127.0.0.1')
    const page = await open(lab.address)
    await untilLive(page)
    for (const elsewhere of ['http://127.0.0.1:9', 'http://example.test:3000']) {
      const refused = await page.evaluate(
        url =>
          new Promise(resolve => {
            document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective))
            fetch(url).catch(() => setTimeout(resolve, 500, 'only failed'))
          }),
        elsewhere,
      )
      expect(refused).toBe('connect-src')
    }
  })

  async function open(address: string, ...flags: string[]): Promise<Page> {
    browser = await launchChromium(...flags)
    const page = await browser.newPage()
    complaints = []
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    await page.goto(address)
    return page
  }

  /** All lanes have received events. */
  async function untilLive(page: Page): Promise<void> {
    const received = () =>
      page
        .locator('.lane')
        .evaluateAll(lanes => lanes.map(lane => Number((lane as HTMLElement).dataset['received']) > 3))
    await expect.poll(received, { timeout: 15_000 }).toEqual(LANES_AT_FIRST.map(() => true))
  }

  async function linkPort(): Promise<number> {
    const health = await (await fetch(`${lab.address}/api/health`)).json()
    return (health as { link: { port: number } }).link.port
  }

  /** Where the page's polls went. */
  function lanesOrigins(page: Page): Promise<string[]> {
    return page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map(({ name }) => new URL(name))
        .filter(({ pathname }) => /^\/(poll|long-poll|sse)$/.test(pathname))
        .map(({ origin }) => origin),
    )
  }
})
