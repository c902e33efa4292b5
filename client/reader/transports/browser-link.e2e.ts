import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  isHeld,
  isStream,
  TECHNIQUES,
  type Technique,
  traitsOf,
} from '../../../server/protocol/techniques.ts'
import type { Cursor } from '../../../server/protocol/wire.ts'
import { type StartedLab, startLab } from '../../../server/testing/start-lab.ts'
import { findChromium, launchChromium } from '../../page/testing/chromium.ts'
import { type Condition, type FaultyLink, openFaultyLink } from '../testing/faulty-link.ts'

const POLICY = { baseMs: 50, capMs: 200, leastMs: 10, helloMs: 1000, graceMs: 500 }
const PAGE = { headers: 'Content-Type: text/html', body: '<h1>Not Found</h1>' }

/** What the page keeps of its reader. */
interface Read {
  readonly seqs: readonly number[]
  readonly whys: readonly string[]
  readonly technique: Technique
  readonly state: string
  readonly place: Cursor | null
  readonly undeclaredGaps: number
}

const GATEWAYS: readonly { readonly what: string; readonly condition: Condition }[] = [
  { what: 'answers 404', condition: { kind: 'answer', status: '404 Not Found', ...PAGE } },
  { what: 'answers 200 with a page', condition: { kind: 'answer', status: '200 OK', ...PAGE } },
  {
    what: 'redirects to itself',
    // With the query: where the link opens in the middle of such a chain, the last request must still name its place.
    condition: { kind: 'answer', status: '302 Found', headers: 'Location: #', body: '' },
  },
  { what: 'holds back the head', condition: { kind: 'mute', after: 'nothing' } },
  { what: 'holds back the body', condition: { kind: 'mute', after: 'head' } },
]

describe.skipIf(findChromium() === null)('the reader in Chromium', () => {
  let browser: Browser
  let script: string
  let lab: StartedLab
  let link: FaultyLink
  let page: Page

  beforeAll(async () => {
    browser = await launchChromium()
    script = await bundle()
  })
  afterAll(() => browser?.close())

  beforeEach(async () => {
    link = await openFaultyLink(() => Number(new URL(lab.origin).port))
    lab = await startLab({ allowHosts: [link.host], policy: { retryMs: { least: 20, most: 60 } } })
    page = await browser.newPage({ bypassCSP: true })
    // Any document of the lab's that runs no lanes of its own.
    await page.goto(`${link.origin}/api/health`)
    await page.addScriptTag({ type: 'module', content: script })
  })
  afterEach(async () => {
    await page.close()
    await link.close()
    await lab.stop()
  })

  it.each(TECHNIQUES.flatMap(technique => GATEWAYS.map(gateway => ({ technique, ...gateway }))))(
    'comes back to $technique after a gateway that $what',
    async ({ technique, condition }) => {
      await start({ technique })
      await reaches(await lab.publish(2))
      link.become(condition)
      await expect.poll(async () => (await read()).whys.length, { timeout: 10_000 }).toBeGreaterThan(1)
      if (condition.kind === 'mute') {
        await expect.poll(async () => (await read()).whys, { timeout: 10_000 }).toContain('mute')
      }
      const top = await lab.publish(3)
      link.become({ kind: 'open' })
      await reaches(top)
      expect(await read()).toMatchObject({ seqs: [1, 2, 3, 4, 5], technique, undeclaredGaps: 0 })
    },
  )

  it('moves on from streams that are held back to what gets through', async () => {
    const streams = TECHNIQUES.filter(isStream)
    const [first] = streams
    const held = TECHNIQUES.find(isHeld)
    if (first === undefined || held === undefined) throw new Error('There is nothing to move on from, or to.')
    await start({ technique: first, fallback: [...streams, held] })
    await reaches(await lab.publish(2))
    link.become({ kind: 'mute', after: 'head', paths: streams.map(each => traitsOf(each).endpoint) })
    await expect.poll(async () => (await read()).technique, { timeout: 15_000 }).toBe(held)
    await reaches(await lab.publish(3))
    expect(await read()).toMatchObject({ seqs: [1, 2, 3, 4, 5], undeclaredGaps: 0 })
  })

  async function start(options: { technique: Technique; fallback?: readonly Technique[] }): Promise<void> {
    const whole = { ...options, origin: link.origin, policy: POLICY, pollIntervalMs: 50, waitSeconds: 1 }
    await page.waitForFunction('globalThis.startReader')
    await page.evaluate(given => Reflect.get(globalThis, 'startReader')(given), whole)
    await expect.poll(async () => (await read()).place, { timeout: 10_000 }).not.toBeNull()
  }

  function read(): Promise<Read> {
    return page.evaluate(() => Reflect.get(globalThis, 'readReader')())
  }

  async function reaches({ epoch, seq }: Cursor): Promise<void> {
    await expect.poll(async () => (await read()).place, { timeout: 15_000 }).toEqual({ epoch, seq })
  }
})

/** The reader as a page would load it, and two functions with which the test uses it. */
async function bundle(): Promise<string> {
  const entry = `
    import { subscribe } from '/client/reader/subscribe.ts'
    import { browserEnvironment } from '/client/page/shared/browser-environment.ts'
    const seqs = [], whys = []
    let reader
    globalThis.startReader = options => {
      reader = subscribe({
        ...options,
        environment: browserEnvironment(() => 0),
        onEvent: ({ event }) => seqs.push(event.seq),
        onState: state => state.name === 'reconnecting' && whys.push(state.why),
      })
    }
    globalThis.readReader = () => {
      const { technique, state, place, audit } = reader
      return { seqs, whys, technique, state: state.name, place, undeclaredGaps: audit.undeclaredGaps }
    }`
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'trial',
        resolveId: id => (id === 'trial' ? id : null),
        load: id => (id === 'trial' ? entry : null),
      },
    ],
    build: { write: false, rollupOptions: { input: 'trial' } },
  })
  const [output] = [built].flat()
  if (output === undefined || !('output' in output)) throw new Error('The reader was not bundled.')
  return output.output[0].code
}
