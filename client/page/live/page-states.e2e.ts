import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { quietPort } from '../../../bench/faults/server-process.ts'
import type { LabProcess } from '../testing/lab-process.ts'
import { readLanes, untilLive } from '../testing/open-page.ts'
import { describePage, STEADY, usePage } from '../testing/page-test.ts'

const COMMANDS = ['pause', 'emit', 'burst', 'kill', 'reset']

describePage('what the page offers', () => {
  const browsing = usePage()
  let lab: LabProcess
  let page: Page

  const open = async (...options: string[]) => {
    lab = await browsing.startLab('--port', String(await quietPort()), ...options)
    ;({ page } = await browsing.openTab())
    await page.goto(lab.address)
  }
  const enabled = async () => {
    const usable = await Promise.all(
      COMMANDS.map(name => page.locator(`[data-command="${name}"]`).isEnabled()),
    )
    return COMMANDS.filter((_, index) => usable[index])
  }

  test('with the server gone: no command and no talk of a paused source, with the reason, until it is back', async () => {
    await open('--rate', '0')
    await page.getByText('Source is paused').waitFor()
    await lab.kill()
    await page.getByText('The server is gone.').waitFor()
    await expect.poll(enabled).toEqual([])
    expect(await page.locator('#rate').isEnabled()).toBe(false)
    expect(await page.getByText('Source is paused').isVisible()).toBe(false)
    await page.getByText('these controls work again when it is back').waitFor()
    lab = await browsing.startLab('--port', new URL(page.url()).port, '--rate', '0')
    await expect.poll(enabled, { timeout: 15_000 }).toEqual(COMMANDS)
    await page.getByText('Source is paused').waitFor()
  }, 40_000)

  test.each([1440, 390])(
    'with the server gone, at %s pixels, no word of a lane runs over its drawing',
    async width => {
      await open('--rate', '20')
      await page.setViewportSize({ width, height: 900 })
      await untilLive(page)
      await lab.kill()
      await expect
        .poll(async () => (await readLanes(page)).every(({ state }) => /connecting$/.test(state)), {
          timeout: 15_000,
        })
        .toBe(true)
      for (let looks = 0; looks < 10; looks++) {
        const over = await page.locator('.lane').evaluateAll(lanes =>
          lanes.flatMap(lane => {
            const canvas = lane.querySelector('canvas')?.getBoundingClientRect()
            return [...lane.querySelectorAll('.lane-head *')].filter(word => {
              const range = document.createRange()
              range.selectNodeContents(word)
              const box = range.getBoundingClientRect()
              return (
                canvas !== undefined &&
                box.right > canvas.left &&
                box.left < canvas.right &&
                box.bottom > canvas.top &&
                box.top < canvas.bottom
              )
            })
          }),
        )
        expect(over).toEqual([])
        await page.waitForTimeout(100)
      }
    },
    40_000,
  )

  test('in a viewer tab: every command, and that the lanes run elsewhere', async () => {
    lab = await browsing.startLab('--rate', '0')
    ;({ page } = await browsing.openTab())
    await page.goto(lab.address)
    await expect.poll(enabled).toEqual(COMMANDS)
    const { page: second } = await browsing.openBeside(page)
    await second.goto(lab.address)
    await second.getByText('runs in your other tab').first().waitFor()
    expect(await second.getByText('Source is paused').isVisible()).toBe(false)
    expect(await second.locator('#poll-interval').isEnabled()).toBe(false)
    await expect.poll(() => second.locator('[data-command="emit"]').isEnabled()).toBe(true)
  })

  test('of standard input: the pause and no rate', async () => {
    await open('--source', 'stdin')
    await page.getByText('events from standard input').waitFor()
    expect(await page.locator('#rate').isVisible()).toBe(false)
    await expect.poll(enabled).toEqual(COMMANDS)
  })

  test('of no source: neither pause nor rate, but events by hand', async () => {
    await open('--source', 'none')
    await page.getByText('There is no source – press E').waitFor()
    expect(await page.locator('#rate').isVisible()).toBe(false)
    await expect.poll(enabled).toEqual(COMMANDS.slice(1))
  })

  test('where the server refuses every command: none after the first, with its sentence', async () => {
    lab = await browsing.startLab(
      '--port',
      String(await quietPort()),
      '--rate',
      '0',
      '--trust-proxy',
      '127.0.0.9',
    )
    ;({ page } = await browsing.openTab())
    await page.goto(lab.address)
    await page.locator('[data-command="emit"]').click()
    await page.getByText('Start the server with --token').first().waitFor()
    await expect.poll(enabled).toEqual([])
    await expect.poll(() => page.getByText('Source is paused').isVisible()).toBe(false)
  })

  test('when only its WebSocket does not come through: it says so, and commands work', async () => {
    lab = await browsing.startLab('--rate', '0')
    ;({ page } = await browsing.openTab())
    await page.routeWebSocket(/\/control\?/, socket => socket.close())
    await page.goto(lab.address)
    await page.getByText('this page’s WebSocket does not reach it').waitFor()
    const answered = page.waitForResponse('**/api/events')
    await page.locator('[data-command="emit"]').click()
    expect((await answered).status()).toBe(201)
  })

  test('with a fallback named in its address: a lane that stays mute moves on, and says by what and why', async () => {
    lab = await browsing.startLab(...STEADY)
    ;({ page } = await browsing.openTab())
    // The delay before the next try is random, and the shortest may pass between two readings of the lane.
    await page.addInitScript(() => {
      Math.random = () => 0.99
    })
    // Connected, and never answered: as a virus scanner holds a stream back.
    await page.route(/\/sse\?/, () => {})
    await page.goto(`${lab.address}/?fallback=nonsense,long-poll`)
    const lane = page.locator('.lane[data-technique="sse"]')
    await lane.getByText('nothing came (try 1)').waitFor({ timeout: 20_000 })
    await lane.getByText('by Long polling: SSE received nothing').waitFor({ timeout: 30_000 })
    const received = async () => Number(await lane.getAttribute('data-received'))
    await expect.poll(received, { timeout: 10_000 }).toBeGreaterThan(3)
  }, 70_000)
})
