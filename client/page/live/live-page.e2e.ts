import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import { ENDPOINTS, TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { findChromium, HOW_TO_GET_CHROMIUM, launchChromium } from '../testing/chromium.ts'
import { type LabProcess, startLab } from '../testing/lab-process.ts'

const executablePath = findChromium()
if (executablePath === null) process.stderr.write(`${HOW_TO_GET_CHROMIUM}\n`)

/** A test that waits for so many events must know how long that takes: Poisson's chance has no upper bound. */
const STEADY = ['--timing', 'fixed']

interface LaneReading {
  readonly technique: string
  readonly state: string
  readonly books: string
  readonly received: number
  readonly missing: number
}

describe.skipIf(executablePath === null)('the page in a real browser', () => {
  let browser: Browser
  let lab: LabProcess
  let context: BrowserContext
  let page: Page
  /** Everything the console said that no test expected. */
  let complaints: string[]
  /** What a test expects the console to say while it breaks things on purpose. */
  let expected: (message: ConsoleMessage) => boolean

  beforeAll(async () => {
    browser = await launchChromium()
    lab = await startLab('--port', '0', '--rate', '20', ...STEADY)
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.kill()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    complaints = []
    expected = () => false
    page = await openTab()
  })
  afterEach(async () => {
    await command('PUT', '/api/source', { rate: 20 })
    await context.close()
    expect(complaints).toEqual([])
  })

  test('events arrive in all four lanes within three seconds of opening', async () => {
    await page.goto(lab.address)
    await until(lanes => lanes.every(lane => lane.received > 0), 3_000)
    expect((await readLanes(page)).map(lane => lane.technique)).toEqual([...TECHNIQUES])
  })

  test('a paused source is said to be, and the button in place sends one event to all four', async () => {
    await command('PUT', '/api/source', { rate: 0 })
    await page.goto(lab.address)
    await until(allInPlace)
    await page.locator('[data-command="emit-first"]').click()
    await until(lanes => lanes.every(lane => lane.received === 1 && lane.books === 'complete'))
  })

  test('after a kill all four lanes catch up: nothing missing, and the same for everyone', async () => {
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
        lanes.every(lane => lane.books === 'complete') &&
        new Set(lanes.map(lane => lane.received)).size === 1,
    )
    expect(rest.map(lane => lane.missing)).toEqual([0, 0, 0, 0])
  }, 40_000)

  test('keys act, but not while somebody types', async () => {
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

  test('a command that is refused is answered with the sentence of the server', async () => {
    await page.goto(lab.address)
    await page.route('**/api/burst', route =>
      route.fulfill({ status: 429, json: { error: 'Wait a second and try again.', code: 'too-many' } }),
    )
    expected = message => message.location().url.endsWith('/api/burst')
    await page.locator('[data-command="burst"]').click()
    await page.getByText('Wait a second and try again.').waitFor()
  })

  test('a second tab looks on, can take over, and gives back when it closes', async () => {
    await page.goto(lab.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    const second = await openTab()
    await second.goto(lab.address)
    await second.getByRole('button', { name: 'Take over' }).click()
    await until(lanes => lanes.every(lane => lane.received > 0), 10_000, second)
    await page.getByRole('button', { name: 'Take over' }).waitFor()
    expect((await readLanes(page)).map(lane => lane.state)).toEqual(['idle', 'idle', 'idle', 'idle'])
    const before = await readLanes(page)
    await second.close()
    await until(lanes => lanes.every((lane, index) => lane.received > (before[index]?.received ?? 0)))
  })

  test('when the server goes the page says so, keeps what it has, and comes back by itself', async () => {
    const mortal = await startLab('--port', String(await quietPort()), '--rate', '20', ...STEADY)
    await page.goto(mortal.address)
    const before = await until(lanes => lanes.every(lane => lane.received > 0))
    expected = () => true
    await mortal.kill()
    const gone = page.getByRole('alert')
    await gone.waitFor()
    const reborn = await startLab('--port', new URL(mortal.address).port, '--rate', '20', ...STEADY)
    try {
      await gone.waitFor({ state: 'hidden' })
      const after = await until(
        lanes =>
          lanes.every(
            (lane, index) =>
              lane.received > (before[index]?.received ?? 0) + 5 &&
              lane.state !== 'reconnecting' &&
              lane.books !== 'mismatch',
          ),
        18_000,
      )
      expect(after.map(lane => lane.missing)).toEqual([0, 0, 0, 0])
    } finally {
      await reborn.kill()
    }
  }, 40_000)

  test('when it comes back with another link, where this page may not go, the page is loaded anew', async () => {
    const LINK = ['--link-port', '0', '--rate', '20', ...STEADY]
    const mortal = await startLab('--port', String(await quietPort()), ...LINK)
    await page.goto(mortal.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    expected = () => true
    await mortal.kill()
    await page.getByRole('alert').waitFor()
    const loadedAnew = page.waitForEvent('load')
    const reborn = await startLab('--port', new URL(mortal.address).port, ...LINK)
    try {
      await loadedAnew
      await until(lanes => lanes.every(lane => lane.received > 5))
    } finally {
      await reborn.kill()
    }
  }, 40_000)

  test('so it is with two tabs, of which the second takes over while the first is loaded', async () => {
    const LINK = ['--link-port', '0', '--rate', '20', ...STEADY]
    const mortal = await startLab('--port', String(await quietPort()), ...LINK)
    await page.goto(mortal.address)
    await until(lanes => lanes.every(lane => lane.received > 0))
    const second = await openTab()
    await second.goto(mortal.address)
    await second.getByRole('button', { name: 'Take over' }).waitFor()
    expected = () => true
    await mortal.kill()
    const loadedAnew = page.waitForEvent('load')
    const reborn = await startLab('--port', new URL(mortal.address).port, ...LINK)
    try {
      await loadedAnew
      // Either may have them in the end, and a tab that is being loaded cannot be read.
      const received = async (tab: Page) =>
        Math.min(...(await readLanes(tab).catch(() => [])).map(lane => lane.received))
      const most = async () =>
        Math.max(...(await Promise.all([page, second].map(received))).filter(Number.isFinite))
      await expect.poll(most, { timeout: 15_000 }).toBeGreaterThan(5)
    } finally {
      await reborn.kill()
    }
  }, 40_000)

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
  ): Promise<readonly LaneReading[]> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const lanes = await readLanes(tab)
      if (lanes.length === TECHNIQUES.length && wanted(lanes)) return lanes
      if (Date.now() > deadline) throw new Error(`The lanes stand at ${JSON.stringify(lanes)}`)
      await tab.waitForTimeout(50)
    }
  }

  function command(method: 'PUT' | 'POST', path: string, body: unknown): Promise<Response> {
    return fetch(lab.address + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }
})

function readLanes(page: Page): Promise<readonly LaneReading[]> {
  return page.locator('.lane').evaluateAll(lanes =>
    lanes.map(lane => {
      const { technique = '', state = '', books = '', received, missing } = (lane as HTMLElement).dataset
      return { technique, state, books, received: Number(received), missing: Number(missing) }
    }),
  )
}

/** Every lane knows its place, so from here on they must all receive the same. */
function allInPlace(lanes: readonly LaneReading[]): boolean {
  return lanes.every(lane => lane.books === 'complete' && ['resting', 'holding', 'open'].includes(lane.state))
}

/** What the browser itself says about a connection that was cut: at one of the four endpoints, and nothing else. */
function isCutConnection(message: ConsoleMessage): boolean {
  const paths: readonly string[] = ENDPOINTS
  const { url } = message.location()
  return message.text().includes('net::ERR_') && url !== '' && paths.includes(new URL(url).pathname)
}
