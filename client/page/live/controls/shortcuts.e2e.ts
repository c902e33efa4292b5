import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchChromium } from '../../testing/chromium.ts'
import { type LabProcess, startLab } from '../../testing/lab-process.ts'
import { openTab, readLanes } from '../../testing/open-page.ts'

const executablePath = findChromium()
const TOKEN = 'a-token-for-tests'

describe.skipIf(executablePath === null)('single keys', () => {
  let browser: Browser
  let lab: LabProcess
  let context: BrowserContext
  let page: Page
  let complaints: string[]
  /** The commands that reached the server. */
  let commands: string[]

  beforeAll(async () => {
    browser = await launchChromium()
    lab = await startLab('--port', '0', '--rate', '0')
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.kill()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    await open(lab.address)
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  async function open(address: string): Promise<void> {
    ;({ page, complaints } = await openTab(context))
    commands = []
    page.on('request', request => {
      if (request.method() !== 'GET') commands.push(new URL(request.url()).pathname)
    })
    await page.goto(address)
    await ready()
  }

  async function ready(): Promise<void> {
    const settled = async () =>
      (await readLanes(page)).every(({ state }) => ['resting', 'holding', 'open'].includes(state))
    await expect.poll(settled, { timeout: 10_000 }).toBe(true)
    await expect.poll(() => page.locator('[data-command="emit"]').isEnabled()).toBe(true)
  }

  /** A key that acts comes after those that must not, so that what they did would be seen by then. */
  async function pressed(...keys: readonly string[]): Promise<readonly string[]> {
    for (const key of keys) await page.keyboard.press(key)
    await page.waitForTimeout(100)
    return commands
  }

  test.each([
    ['the theme button', '#theme'],
    ['a link', 'nav a'],
    ['a slider', '#rate'],
    ['their own switch', '#keys'],
    ['the summary of a table', 'summary'],
  ])('do nothing while %s has the keyboard', async (_name, selector) => {
    await page.locator(selector).first().focus()
    expect(await pressed('k', 'e', 'b', 'r', 'K')).toEqual([])
    await page.locator(selector).first().blur()
    expect(await pressed('e')).toEqual(['/api/events'])
  })

  test('act after a button that shows its key was clicked, while Space presses that button', async () => {
    await page.locator('[data-command="emit"]').click()
    expect(await pressed('b', ' ')).toEqual(['/api/events', '/api/burst', '/api/events'])
  })

  test('do nothing together with another key, and not over and over while held', async () => {
    expect(await pressed('Control+e', 'Alt+e', 'Shift+E')).toEqual([])
    await page.keyboard.down('e')
    await page.keyboard.down('e')
    await page.keyboard.up('e')
    expect(await pressed()).toEqual(['/api/events'])
  })

  test('are switched off for good by a switch, which takes their hints away', async () => {
    await page.getByRole('switch', { name: 'Keyboard shortcuts' }).click()
    await page.locator('#keys').blur()
    await expect.poll(() => page.locator('kbd:visible').count()).toBe(0)
    expect(await pressed('e', 'k', ' ')).toEqual([])
    await page.reload()
    await ready()
    expect(await page.getByRole('switch').isChecked()).toBe(false)
    expect(await pressed('e', 'k', ' ')).toEqual([])
    await page.getByText('send one event by hand').waitFor()
    await page.getByRole('switch').click()
    await page.locator('#keys').blur()
    expect(await pressed('e')).toEqual(['/api/events'])
  })

  test('cut at once where nobody else reads, and only after a second step where somebody does', async () => {
    expect(await pressed('k')).toEqual(['/api/kill'])
    await ready()
    const leaving = new AbortController()
    const answer = await fetch(`${lab.address}/sse`, { signal: leaving.signal })
    try {
      const dialog = page.getByRole('dialog')
      // The statistics, which tell of other readers, come five times a second.
      await page.waitForTimeout(1_000)
      // By the keyboard: the key once more cuts nobody, Escape and Enter leave, Tab and Enter cut.
      await page.keyboard.press('k')
      await dialog.getByText(/Cut \d+ connections/).waitFor()
      expect(await pressed('k', 'e', 'Escape')).toEqual(['/api/kill'])
      await dialog.waitFor({ state: 'hidden' })
      await page.keyboard.press('k')
      expect(await pressed('Enter')).toEqual(['/api/kill'])
      await dialog.waitFor({ state: 'hidden' })
      // By the mouse.
      await page.locator('[data-command="kill"]').click()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      expect(await pressed()).toEqual(['/api/kill'])
      await page.keyboard.press('k')
      expect(await pressed('Tab', 'Enter')).toEqual(['/api/kill', '/api/kill'])
      await dialog.waitFor({ state: 'hidden' })
    } finally {
      leaving.abort()
      await answer.body?.cancel().catch(() => {})
      complaints.length = 0
    }
  })

  test('beyond loopback every cut is asked for twice, by touch as well', async () => {
    const beyond = await startLab('--port', '0', '--rate', '0', '--lan', '--token', TOKEN)
    const touch = await browser.newContext({ hasTouch: true, viewport: { width: 390, height: 844 } })
    try {
      const { page: phone } = await openTab(touch)
      await phone.goto(`${beyond.address}/#token=${TOKEN}`)
      await phone.locator('[data-command="kill"]:enabled').tap()
      const cut = phone.waitForResponse('**/api/kill')
      await phone.getByRole('button', { name: 'Cut everybody' }).tap()
      expect((await cut).status()).toBe(200)
    } finally {
      await touch.close()
      await beyond.kill()
    }
  })
})
