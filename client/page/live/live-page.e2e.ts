import type { BrowserContext, ConsoleMessage, Page } from 'playwright-core'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import type { Stats } from '../../../server/protocol/api.ts'
import { ENDPOINTS, type Technique } from '../../../server/protocol/techniques.ts'
import type { LabProcess } from '../testing/lab-process.ts'
import { type LaneReading, readLanes } from '../testing/open-page.ts'
import { describePage, STEADY, usePage } from '../testing/page-test.ts'
import { LANES_AT_FIRST } from './session/lane-choice.ts'

describePage('the page in a real browser', () => {
  const browsing = usePage()
  let lab: LabProcess
  let context: BrowserContext
  let page: Page
  /** Everything on the consoles that no test expected. */
  let complaints: string[]
  /** What a test expects on the console while it breaks things on purpose. */
  let expected: (message: ConsoleMessage) => boolean

  beforeAll(async () => {
    lab = await browsing.startLab(...STEADY)
  })
  beforeEach(async () => {
    context = await browsing.browser.newContext({ viewport: { width: 1440, height: 900 } })
    complaints = []
    expected = () => false
    page = await openTab()
  })
  afterEach(async () => {
    await command('PUT', '/api/source', { rate: 20 })
    await context.close()
    expect(complaints).toEqual([])
  })

  test('events arrive in all lanes within three seconds of opening', async () => {
    await page.goto(lab.address)
    await until(lanes => lanes.every(lane => lane.received > 0), 3_000)
    expect((await readLanes(page)).map(lane => lane.technique)).toEqual(LANES_AT_FIRST)
  })

  test('a paused source is said to be, and the button in place sends one event to all lanes', async () => {
    await command('PUT', '/api/source', { rate: 0 })
    await page.goto(lab.address)
    await until(allInPlace)
    await page.locator('[data-command="emit-first"]').click()
    await until(lanes => lanes.every(lane => lane.received === 1 && lane.audit === 'complete'))
  })

  test('after a kill all lanes catch up: nothing missing, and the same in each', async () => {
    await command('PUT', '/api/source', { rate: 0 })
    await page.goto(lab.address)
    await until(allInPlace)
    await page.keyboard.press('Space')
    const before = await until(lanes => lanes.every(lane => lane.received > 5))

    expected = isCutConnection
    await page.locator('[data-command="kill"]').click()
    await until(lanes =>
      lanes.every(
        (lane, index) => lane.received > (before[index]?.received ?? 0) + 5 && lane.state !== 'reconnecting',
      ),
    )
    expected = () => false
    await page.locator('[data-command="pause"]').click()
    const rest = await until(
      lanes =>
        lanes.every(lane => lane.audit === 'complete') &&
        new Set(lanes.map(lane => lane.received)).size === 1,
    )
    expect(rest.map(lane => lane.missing)).toEqual(LANES_AT_FIRST.map(() => 0))
  }, 40_000)

  test('keys act, but not while a person types', async () => {
    await command('PUT', '/api/source', { rate: 0 })
    await page.goto(lab.address)
    await until(allInPlace)
    await page.keyboard.press('b')
    await until(lanes => lanes.every(lane => lane.received === 100))
    await page.evaluate(() => {
      const input = document.body.appendChild(document.createElement('input'))
      input.focus()
    })
    await page.keyboard.press('b')
    await page.locator('[data-command="emit"]').click()
    await until(lanes => lanes.every(lane => lane.received === 101))
  })

  test('a refusal with a code that the page does not know shows the server’s own sentence', async () => {
    await page.goto(lab.address)
    await page.route('**/api/burst', route =>
      route.fulfill({ status: 429, json: { error: 'Wait a second and try again.', code: 'too-many' } }),
    )
    expected = message => message.location().url.endsWith('/api/burst')
    await page.locator('[data-command="burst"]').click()
    await page.getByText('Wait a second and try again.').waitFor()
  })

  test('a second tab is a viewer, can take over, and gives the lanes back when it closes', async () => {
    await page.goto(lab.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    const second = await openTab()
    await second.goto(lab.address)
    await second.getByRole('button', { name: 'Take over' }).click()
    await until(lanes => lanes.every(lane => lane.received > 0), 10_000, second)
    await page.getByRole('button', { name: 'Take over' }).waitFor()
    expect((await readLanes(page)).map(lane => lane.state)).toEqual(LANES_AT_FIRST.map(() => 'idle'))
    const before = await readLanes(page)
    await second.close()
    await until(lanes => lanes.every((lane, index) => lane.received > (before[index]?.received ?? 0)))
  })

  test('when the server goes the page says so, keeps what it has, and reconnects by itself', async () => {
    const mortal = await browsing.startLab('--port', String(await quietPort()), ...STEADY)
    await page.goto(mortal.address)
    const before = await until(lanes => lanes.every(lane => lane.received > 0))
    expected = () => true
    await mortal.kill()
    const gone = page.getByRole('alert')
    await gone.waitFor()
    const reborn = await browsing.startLab('--port', new URL(mortal.address).port, ...STEADY)
    try {
      await gone.waitFor({ state: 'hidden' })
      const after = await until(
        lanes =>
          lanes.every(
            (lane, index) =>
              lane.received > (before[index]?.received ?? 0) + 5 &&
              lane.state !== 'reconnecting' &&
              lane.audit !== 'mismatch',
          ),
        18_000,
      )
      expect(after.map(lane => lane.missing)).toEqual(LANES_AT_FIRST.map(() => 0))
    } finally {
      await reborn.kill()
    }
  }, 40_000)

  test('when it comes back with another link, which this page’s policy does not allow, the page is loaded anew', async () => {
    const LINK = ['--link-port', '0', ...STEADY]
    const mortal = await browsing.startLab('--port', String(await quietPort()), ...LINK)
    await page.goto(mortal.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    expected = () => true
    await mortal.kill()
    await page.getByRole('alert').waitFor()
    const loadedAnew = page.waitForEvent('load')
    const reborn = await browsing.startLab('--port', new URL(mortal.address).port, ...LINK)
    try {
      await loadedAnew
      await until(lanes => lanes.every(lane => lane.received > 5))
    } finally {
      await reborn.kill()
    }
  }, 40_000)

  test('the same with two tabs, of which the second takes over while the first is loading', async () => {
    const LINK = ['--link-port', '0', ...STEADY]
    const mortal = await browsing.startLab('--port', String(await quietPort()), ...LINK)
    await page.goto(mortal.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    const second = await openTab()
    await second.goto(mortal.address)
    await second.getByRole('button', { name: 'Take over' }).waitFor()
    expected = () => true
    await mortal.kill()
    const loadedAnew = page.waitForEvent('load')
    const reborn = await browsing.startLab('--port', new URL(mortal.address).port, ...LINK)
    try {
      await loadedAnew
      // Either may own the lanes in the end, and a tab that is loading cannot be read.
      const received = async (tab: Page) =>
        Math.min(...(await readLanes(tab).catch(() => [])).map(lane => lane.received))
      const most = async () =>
        Math.max(...(await Promise.all([page, second].map(received))).filter(Number.isFinite))
      await expect.poll(most, { timeout: 15_000 }).toBeGreaterThan(5)
    } finally {
      await reborn.kill()
    }
  }, 40_000)

  test('a lane that is switched off leaves the server while the others go on, and on again it catches up exactly', async () => {
    const [technique, other] = ['sse', 'websocket'] as const
    const box = page.locator(`[data-lane="${technique}"]`)
    const menu = page.locator('.lanes-menu summary')
    await command('PUT', '/api/source', { rate: 0 })
    await page.goto(lab.address)
    await until(allInPlace)
    await command('PUT', '/api/source', { rate: 20 })
    const before = await until(lanes => lanes.every(lane => lane.received > 5))
    expect(await connectionsOf(technique)).toBe(1)

    // By the keyboard alone.
    await menu.focus()
    await page.keyboard.press('Enter')
    await box.focus()
    await page.keyboard.press('Space')
    await until(
      lanes => lanes.every(lane => lane.technique !== technique),
      5_000,
      page,
      LANES_AT_FIRST.length - 1,
    )
    await expect.poll(() => connectionsOf(technique)).toBe(0)
    expect(await connectionsOf(other)).toBe(1)
    const wasAt = before.find(lane => lane.technique === other)?.received ?? 0
    await until(
      lanes => lanes.some(lane => lane.technique === other && lane.received > wasAt + 30),
      10_000,
      page,
      LANES_AT_FIRST.length - 1,
    )

    // The choice outlives the page, and stands in its address.
    const off = LANES_AT_FIRST.filter(each => each !== technique)
    expect(new URL(page.url()).searchParams.get('lanes')).toBe(off.join(','))

    await box.focus()
    await page.keyboard.press('Space')
    await expect.poll(() => connectionsOf(technique)).toBe(1)
    await command('PUT', '/api/source', { rate: 0 })
    const after = await until(
      lanes =>
        lanes.every(lane => lane.audit === 'complete') &&
        new Set(lanes.map(lane => lane.received)).size === 1,
    )
    expect(after.map(lane => lane.missing)).toEqual(LANES_AT_FIRST.map(() => 0))
    expect(new URL(page.url()).search).toBe('')
  }, 40_000)

  test('the lanes of the last visit are on again, and the poll interval is there only with a lane that polls', async () => {
    await page.goto(`${lab.address}/?lanes=websocket`)
    await until(([lane]) => lane !== undefined && lane.received > 3, 10_000, page, 1)
    expect(await page.locator('#poll-interval').isVisible()).toBe(false)
    await page.locator('.lanes-menu summary').click()
    await page.locator('[data-lane="poll"]').check()
    await until(lanes => lanes.every(lane => lane.received > 3), 10_000, page, 2)
    expect(await page.locator('#poll-interval').isVisible()).toBe(true)
    await page.goto(lab.address)
    const lanes = await until(found => found.every(lane => lane.received > 3), 10_000, page, 2)
    expect(lanes.map(lane => lane.technique)).toEqual(['poll', 'websocket'])
  })

  test('at 390 pixels nothing scrolls sideways', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(lab.address)
    await page.waitForTimeout(1_000)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })

  async function openTab(): Promise<Page> {
    const tab = await context.newPage()
    tab.on('console', message => {
      const counts = message.type() === 'error' || message.type() === 'warning'
      if (counts && !expected(message)) complaints.push(`${message.text()} ${message.location().url}`)
    })
    tab.on('pageerror', error => complaints.push(error.stack ?? error.message))
    return tab
  }

  /** Waits until the lanes are as wanted; fails with what they were instead. */
  async function until(
    wanted: (lanes: readonly LaneReading[]) => boolean,
    timeoutMs = 10_000,
    tab = page,
    lanesOn = LANES_AT_FIRST.length,
  ): Promise<readonly LaneReading[]> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const lanes = await readLanes(tab)
      if (lanes.length === lanesOn && wanted(lanes)) return lanes
      if (Date.now() > deadline) throw new Error(`The lanes are at ${JSON.stringify(lanes)}`)
      await tab.waitForTimeout(50)
    }
  }

  async function connectionsOf(technique: Technique): Promise<number> {
    const stats = (await (await fetch(`${lab.address}/api/stats`)).json()) as Stats
    return stats.techniques[technique].connections
  }

  function command(method: 'PUT' | 'POST', path: string, body: unknown): Promise<Response> {
    return fetch(lab.address + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }
})

/** Every lane knows its place, so from here on they must all receive the same. */
function allInPlace(lanes: readonly LaneReading[]): boolean {
  return lanes.every(lane => lane.audit === 'complete' && ['resting', 'holding', 'open'].includes(lane.state))
}

/** What the browser itself says about a connection that was cut: at a technique’s endpoint, and nothing else. */
function isCutConnection(message: ConsoleMessage): boolean {
  const paths: readonly string[] = ENDPOINTS
  const { url } = message.location()
  return message.text().includes('net::ERR_') && url !== '' && paths.includes(new URL(url).pathname)
}
