import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TECHNIQUES, type Technique } from '../../../server/protocol/techniques.ts'
import { type StartedLab, startLab } from '../../../server/testing/start-lab.ts'
import { BROKEN, olderRun, row, syntheticRun, TOO_FEW, UNSETTLED } from '../../run/testing/synthetic-run.ts'
import { factSentence } from '../../run/text/en.ts'
import { findChromium, HOW_TO_GET_CHROMIUM, launchChromium } from '../testing/chromium.ts'

const executablePath = findChromium()
if (executablePath === null) process.stderr.write(`${HOW_TO_GET_CHROMIUM}\n`)

/** A picture with the curves of all techniques. */
const DRAWN = `canvas[data-curves="${TECHNIQUES.length}"]`
/** Those whose figures in the run are known here. */
const KNOWN: readonly string[] = ['poll', 'long-poll', 'sse', 'websocket'] satisfies Technique[]

const A = syntheticRun()
/** From the machine of A, on another day, and slower. */
const SLOWER = syntheticRun(
  { id: '20260102T000000Z-1111111111-standard', startedAt: '2026-01-02T00:00:00.000Z' },
  1.4,
)
const ELSEWHERE = syntheticRun({
  id: '20260103T000000Z-2222222222-standard',
  startedAt: '2026-01-03T00:00:00.000Z',
  provenance: { ...A.provenance, cpu: 'Another CPU', node: 'v22.0.0' },
})
const OLDER = olderRun()
const REPORT =
  '<!doctype html><style>p { color: rgb(1, 2, 3) }</style><p>A report<svg></svg><script>document.title = "ran"</script>'

describe.skipIf(executablePath === null)('the results page in a real browser', () => {
  let browser: Browser
  let resultsFolder: string
  let lab: StartedLab
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    resultsFolder = mkdtempSync(join(tmpdir(), 'push-lab-'))
    for (const run of [A, SLOWER, ELSEWHERE, OLDER]) {
      const folder = join(resultsFolder, run.id)
      mkdirSync(folder)
      writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
      writeFileSync(join(folder, 'summary.csv'), 'scenario\r\n')
      writeFileSync(join(folder, 'report.md'), '# A report\n')
      writeFileSync(join(folder, 'report.html'), REPORT)
    }
    lab = await startLab({ resultsFolder })
    browser = await launchChromium()
    page = await browser.newPage()
    page.on('console', message => complaints.push(`${message.text()} ${message.location().url}`))
    page.on('pageerror', error => complaints.push(error.stack ?? error.message))
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
    rmSync(resultsFolder, { recursive: true })
  })
  beforeEach(async () => {
    await page.setViewportSize({ width: 1440, height: 900 })
    complaints = []
  })
  afterEach(async () => {
    await page.unrouteAll()
    expect(complaints).toEqual([])
  })

  test('the newest run is shown, and the one that the address asks for', async () => {
    await open('')
    expect(await page.locator('.run').getAttribute('data-run')).toBe(ELSEWHERE.id)
    await open(`?run=${A.id}`)
    expect(await page.locator('.run').getAttribute('data-run')).toBe(A.id)
    expect(await page.getByText('Some CPU <b>').count()).toBe(1)
  })

  test('each figure has its spread, its trials, and its ratio to the best in a number and a colour', async () => {
    await open(`?run=${A.id}`)
    const late = table('delivery', 0)
    expect(
      await late.locator('tbody tr').evaluateAll(rows => rows.map(row => row.getAttribute('data-arm'))),
    ).toEqual([...TECHNIQUES])
    expect(await cells('delivery', 'latency-p50')).toEqual([
      ['98 29×92.1–105, n = 895 % 96–100', '4'],
      ['5.8 1.72×5.45–6.21, n = 895 % 5.68–5.92', '2'],
      ['3.4 ≈ best 1.01×3.2–3.64, n = 895 % 3.33–3.47', '0'],
      ['3.38 best3.18–3.62, n = 895 % 3.31–3.45', '0'],
    ])
    expect((await cells('delivery', 'wire-headers')).map(([words]) => words)).toEqual([
      '67 best is 0n = 8',
      '221 best is 0n = 8',
      '0 bestn = 8',
      '0 bestn = 8',
    ])
    expect((await cells('delivery', 'completeness'))[0]?.[0]).toContain('equal 1.00×')
    const colours = await page
      .locator('.scale [data-step]')
      .evaluateAll(swatches => swatches.map(swatch => getComputedStyle(swatch).backgroundColor))
    expect(new Set(colours).size).toBe(5)
  })

  test('techniques are compared within each place of a sweep', async () => {
    await open(`?run=${A.id}`)
    const places = page.locator('[data-scenario="distance"] .metric-table:has([data-metric]) .place')
    expect(await places.allTextContents()).toEqual(['RTT 0 ms', 'RTT 20 ms', 'RTT 100 ms'])
    const bests = (await cells('distance', 'latency-p50')).map(([words]) => words?.includes('best'))
    expect(bests).toEqual([false, false, true, true, false, false, true, true, false, false, true, true])
  })

  test('figures with few trials behind them stand alone, and why is said once, above the tables', async () => {
    await open(`?run=${A.id}`)
    expect((await cells('connections', 'connect-p50')).slice(0, 3)).toEqual([
      ['0.70.658–0.749, n = 295 % 0.686–0.714', null],
      ['0.80.752–0.856, n = 295 % 0.784–0.816', null],
      ['0.60.564–0.642, n = 295 % 0.588–0.612', null],
    ])
    const why = page.locator('[data-scenario="connections"] .unranked')
    expect(await why.allTextContents()).toEqual([
      'n = 2: not ranked. It takes 8 trials to say which of two is better. With fewer, a figure stands by itself, without ratio and colour.',
    ])
    expect(await page.locator('[data-scenario="delivery"] .unranked').allTextContents()).toEqual([
      'Not ranked: bytes down per delivered event. Fewer than 8 A/A pairs say how noisy that is.',
    ])
  })

  test('a run in which nothing is ranked has no scale', async () => {
    const quick = { ...A, summary: A.summary.map(each => ({ ...each, n: Math.min(each.n, 1) })) }
    await page.route(`**/api/results/${A.id}`, route => route.fulfill({ json: quick }))
    await open(`?run=${A.id}`)
    expect(await page.locator('.scale, .ratio, .run [data-step]').count()).toBe(0)
    expect(await page.locator('.unranked').count()).toBe(3)
  })

  test('what is refused, failed or flagged says why right below its table, a key press away and back', async () => {
    await open(`?run=${A.id}`)
    const refused = table('delivery', 0).locator('[data-verdict="refused"]').first()
    expect(await refused.textContent()).toContain('refused')
    const mark = refused.getByRole('link', { name: 'note a' })
    await mark.focus()
    await page.keyboard.press('Enter')
    const note = page.locator('.notes li:target')
    expect(await note.textContent()).toContain(factSentence(TOO_FEW))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator('.mark:target').getAttribute('aria-label')).toBe('note a')
    expect(await page.locator('[data-scenario="delivery"] .notes').allTextContents()).toEqual([
      expect.stringContaining(factSentence(TOO_FEW)),
      expect.stringContaining(factSentence(UNSETTLED)),
    ])
    expect(await page.locator('[data-scenario="connections"] .notes').textContent()).toContain(
      factSentence(BROKEN),
    )
  })

  test('the percentile curves are drawn when they come into sight, and can be read as a table', async () => {
    const requests: string[] = []
    const note = (request: { url(): string }) => requests.push(request.url())
    page.on('request', note)
    await open(`?run=${A.id}`)
    const curve = page.locator('[data-scenario="delivery"] .curve')
    const canvas = curve.locator(DRAWN)
    await canvas.waitFor()
    expect(await canvas.getAttribute('aria-label')).toMatch(/SSE median 3\.4 ms, 99\.07 % within/)
    await curve.locator('summary').click()
    const sse = curve.locator('[data-arm="sse"]')
    expect(await sse.locator('td').allTextContents()).toEqual([
      '3.4 ms',
      expect.stringMatching(/^5\.\d ms$/),
      expect.stringMatching(/^7\.\d ms$/),
      expect.stringMatching(/^\d+ ms$/),
      '1,080',
      '8',
    ])
    expect(await curve.locator('tbody tr').first().locator('td').last().textContent()).toBe('7, 1 left out')

    const far = page.locator('[data-scenario="distance"] .curve')
    await far.scrollIntoViewIfNeeded()
    await far.locator(DRAWN).waitFor()
    const near = await far.locator('canvas').getAttribute('aria-label')
    await far.locator('select').selectOption({ label: 'RTT 100 ms' })
    await page.waitForFunction(
      ([selector, before]) => document.querySelector(selector ?? '')?.getAttribute('aria-label') !== before,
      ['[data-scenario="distance"] .curve canvas', near],
    )
    page.off('request', note)
    expect(requests.some(url => url.includes('curve-chart'))).toBe(true)
    expect(requests.every(url => url.startsWith(lab.origin))).toBe(true)
  })

  test('what a connection costs is drawn as bars: time, CPU, memory, and no bar where there is no number', async () => {
    await open(`?run=${A.id}`)
    const bars = page.locator('[data-scenario="connections"] .bars')
    expect(
      await bars.evaluateAll(figures => figures.map(figure => figure.getAttribute('data-metric'))),
    ).toEqual(['connect-p50', 'cpu-per-connection', 'memory-per-connection'])
    const label = await bars.first().getByRole('img').getAttribute('aria-label')
    expect(label).toBe('Bars of connect to first byte, median in ms: Polling 0.7, Long polling 0.8, SSE 0.6.')
    const widths = await bars
      .first()
      .locator('.bar')
      .evaluateAll(drawn => drawn.map(bar => bar.clientWidth))
    expect(widths.length).toBe(3)
    expect((widths[0] ?? 0) / (widths[2] ?? 1)).toBeCloseTo(0.7 / 0.6, 1)
  })

  test('a run claims what it claims, beside its noise, and each trial shows its checks', async () => {
    await open(`?run=${A.id}`)
    const claims = page.locator('[data-scenario="delivery"] .comparisons tbody tr').first().locator('td')
    expect(await claims.allTextContents()).toEqual([
      '± 3 %8 pairs',
      '29 times that of SSE (28–29)n = 8, p = 0.0078',
      '71 % more than SSE (68–74 %)n = 8, p = 0.0078',
      'no difference measured (< 3 %)n = 8, p = 0.4',
    ])
    const quiet = page.locator('[data-scenario="distance"] details:has(.comparisons)')
    expect(await quiet.locator('summary').textContent()).toContain('nothing is claimed')
    await page.locator('.trials summary').click()
    await expect.poll(() => page.locator('.trials tbody tr').count()).toBe(A.trials.length)
    expect(await page.locator('.trials').textContent()).toContain(
      'The second half of the window cost 9 % less per delivery than the first. (flagged beyond ±0.05)',
    )
  })

  test('a run of another schema is refused in one sentence that says which it has and what to do', async () => {
    await open('')
    expect(await page.locator('.unreadable-runs').allTextContents()).toEqual([
      `The run ${OLDER.id} cannot be read. It has schema 2, and this version reads schema 3: read it with the commit that wrote it, or make the run again.`,
    ])
    expect(await page.locator('#run option').count()).toBe(3)
  })

  test('two runs stand side by side, their differences first, and the address keeps the choice', async () => {
    await open(`?run=${A.id}`)
    await page.getByLabel('beside').selectOption(SLOWER.id)
    await page.locator(`[data-with="${SLOWER.id}"]`).waitFor()
    expect(new URL(page.url()).search).toBe(`?run=${A.id}&with=${SLOWER.id}`)
    await page.reload()
    await page.locator(`[data-with="${SLOWER.id}"]`).waitFor()
    expect(await page.locator('.differences').textContent()).toContain('are the same')
    await page.getByText(`npm run bench:compare ${A.id} ${SLOWER.id}`).waitFor()
    const p50 = await cells('delivery', 'latency-p50')
    expect(p50.map(([words]) => words?.replace(/A .*/, ''))).toEqual(Array(4).fill('1.40× worse'))
    expect(p50.map(([, step]) => step)).toEqual(Array(4).fill('worse-1'))
    expect((await cells('delivery', 'latency-p99'))[0]?.[0]).toMatch(/^1\.00× equal within noise \(< 2 %\)/)
    expect((await cells('connections', 'cpu-per-connection'))[0]).toEqual([
      expect.stringMatching(/^1\.40× not claimed: few blocks/),
      null,
    ])
    await page.getByLabel('beside').selectOption('')
    await page.locator('.run:not([data-with])').waitFor()
    expect(new URL(page.url()).search).toBe(`?run=${A.id}`)
  })

  test('runs of two machines say so first, and nothing that depends on the machine is claimed', async () => {
    await open(`?run=${A.id}&with=${ELSEWHERE.id}`)
    const first = page.locator('.run > section').first()
    expect(await first.textContent()).toMatch(/The machines differ.*The Node\.js versions differ/)
    expect(await first.locator('tbody tr').allTextContents()).toEqual([
      'cpuSome CPU <b>Another CPU',
      'nodev20.20.2v22.0.0',
    ])
    expect((await cells('delivery', 'latency-p50'))[0]).toEqual([
      expect.stringContaining('not claimed'),
      null,
    ])
    expect((await cells('delivery', 'times-floor'))[0]?.[0]).toContain('equal within noise')
  })

  test('the files of a run are there to keep, and a report runs nothing', async () => {
    await open(`?run=${A.id}`)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'summary.csv' }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`${A.id}-summary.csv`)
    const link = await page.getByRole('link', { name: 'report.html' }).getAttribute('href')
    await page.goto(new URL(link ?? '', page.url()).href)
    expect(await page.locator('p').evaluate(shown => getComputedStyle(shown).color)).toBe('rgb(1, 2, 3)')
    expect(await page.title()).toBe('')
    // The browser reports that it blocked the script, as it should.
    expect(complaints.splice(0).every(complaint => /script/i.test(complaint))).toBe(true)
  })

  test.each([1440, 390])(
    'at %i pixels nothing scrolls sideways but tables, whose first column stays',
    async width => {
      await page.setViewportSize({ width, height: 844 })
      for (const query of [`?run=${A.id}`, `?run=${A.id}&with=${SLOWER.id}`]) {
        await open(query)
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      }
      if (width > 390) return
      const box = page.locator('[data-scenario="delivery"] .table-box:has([data-metric])').first()
      await box.scrollIntoViewIfNeeded()
      const before = await box.locator('tbody th').first().boundingBox()
      await box.evaluate(scrolled => scrolled.scrollTo(200, 0))
      expect(await box.evaluate(scrolled => scrolled.scrollLeft)).toBeGreaterThan(50)
      expect(await box.locator('tbody th').first().boundingBox()).toEqual(before)
    },
  )

  test('every step of both scales can be read, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const query of [`?run=${A.id}`, `?run=${A.id}&with=${SLOWER.id}`]) {
        await open(query)
        const contrasts = await page.locator('.scale [data-step]').evaluateAll(swatches =>
          swatches.map(swatch => {
            const lightness = (colour: string) => {
              const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(part => {
                const share = Number(part) / 255
                return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
              })
              return 0.2126 * red + 0.7152 * green + 0.0722 * blue
            }
            const ink = lightness(getComputedStyle(document.body).color)
            const step = lightness(getComputedStyle(swatch).backgroundColor)
            return (Math.max(ink, step) + 0.05) / (Math.min(ink, step) + 0.05)
          }),
        )
        expect(contrasts.length).toBeGreaterThan(4)
        expect(Math.min(...contrasts)).toBeGreaterThan(4.5)
      }
    }
  })

  test('without a run the page names the command that makes one', async () => {
    await page.route('**/api/results', route => route.fulfill({ json: { runs: [] } }))
    await page.goto(`${lab.origin}/results`)
    await page.getByText('npm run bench', { exact: true }).waitFor()
  })

  test('names the runs that cannot be read, and shows the others', async () => {
    const unreadable = [{ id: 'odd-run', reason: { code: 'not-an-object', params: {} } }]
    await page.route('**/api/results', async route => {
      const list = await (await route.fetch()).json()
      await route.fulfill({ json: { ...list, unreadable } })
    })
    await open(`?run=${A.id}`)
    expect(await page.locator('.unreadable-runs').textContent()).toBe(
      'The run odd-run cannot be read. It is not a JSON object.',
    )
    expect(await page.locator('.run').getAttribute('data-run')).toBe(A.id)
  })

  test('a run that is wrong deeper down shows a sentence and not an empty page', async () => {
    const odd = { ...A, summary: [row({ arm: 'pigeon' as never })] }
    await page.route(`**/api/results/${A.id}`, route => route.fulfill({ json: odd }))
    await page.goto(`${lab.origin}/results?run=${A.id}`)
    await page.getByText('This run.json is not as the bench writes it').waitFor()
  })

  test('a run with nothing but refusals is drawn as well', async () => {
    const nothing = {
      ...A,
      summary: [row({ value: null, verdict: 'refused', reasons: [TOO_FEW] })],
      trials: [],
    }
    await page.route(`**/api/results/${A.id}`, route => route.fulfill({ json: nothing }))
    await open(`?run=${A.id}`)
    expect(await page.locator('.notes').textContent()).toContain(factSentence(TOO_FEW))
    expect(await page.locator('.bars').count()).toBe(0)
  })

  async function open(query: string): Promise<void> {
    await page.goto(`${lab.origin}/results${query}`)
    await page.locator('.run').waitFor()
  }

  function table(scenario: string, index: number) {
    return page.locator(`[data-scenario="${scenario}"] .metric-table:has([data-metric])`).nth(index)
  }

  /** The words and the colour step of a column, row by row, of the techniques that are known here. */
  function cells(scenario: string, metric: string): Promise<(readonly [string | null, string | null])[]> {
    const heads = page.locator(`[data-scenario="${scenario}"] th[data-metric="${metric}"]`)
    return heads.first().evaluate((head, known) => {
      const column = [...(head.parentElement?.children ?? [])].indexOf(head)
      const rows = [...(head.closest('table')?.querySelectorAll('tbody tr[data-arm]') ?? [])]
      return rows
        .filter(row => known.includes(row.getAttribute('data-arm') ?? ''))
        .map(row => row.children[column])
        .map(cell => [cell?.textContent ?? null, cell?.getAttribute('data-step') ?? null] as const)
    }, KNOWN)
  }
})
