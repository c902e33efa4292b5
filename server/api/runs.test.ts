import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ResultsList } from '../protocol/run.ts'
import { type StartedLab, startLab } from '../testing/start-lab.ts'
import { createRuns } from './runs.ts'

const RUN = { schema: 2, startedAt: '2026-01-01T00:00:00Z', tier: 'quick', complete: true, summary: [] }
const BIG_BYTES = 16 * 1024 * 1024

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'push-lab-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the runs of a folder', () => {
  it.each([
    ['', /not JSON/],
    ['{', /cut off/],
    [JSON.stringify({ id: 'x', ...RUN }).slice(0, -1), /cut off/],
    [`${JSON.stringify(RUN)}]`, /not JSON/],
    ['{}', /startedAt/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['5', /not a JSON object/],
    ['"run"', /not a JSON object/],
    [`[${JSON.stringify(RUN)}]`, /not a JSON object/],
    [JSON.stringify({ ...RUN, startedAt: 5 }), /startedAt/],
    [JSON.stringify({ ...RUN, startedAt: null }), /startedAt/],
    [JSON.stringify({ ...RUN, startedAt: 'x'.repeat(10_000) }), /startedAt/],
    [JSON.stringify({ ...RUN, tier: ['quick'] }), /tier/],
    [JSON.stringify({ ...RUN, tier: undefined }), /tier/],
    [JSON.stringify({ ...RUN, complete: 'yes' }), /complete/],
    [JSON.stringify({ ...RUN, summary: 5 }), /summary/],
    [JSON.stringify({ ...RUN, trials: {} }), /trials/],
    [JSON.stringify({ ...RUN, provenance: [] }), /provenance/],
    [JSON.stringify({ ...RUN, notes: 'x'.repeat(100_000) }), /top level has more/],
    [`{"startedAt":${JSON.stringify(RUN).slice(1)}`, /not JSON/],
  ])('list the run %.40s as unreadable, with the reason, beside the other runs', async (text, reason) => {
    writeRun('good', RUN)
    writeText('odd', text)
    const { runs, unreadable } = await createRuns(folder).list()
    expect(runs.map(({ id }) => id)).toEqual(['good'])
    expect(unreadable).toEqual([{ id: 'odd', reason: expect.stringMatching(reason) }])
    expect(unreadable[0]?.reason).toMatch(/^[A-Z].*\.$/)
  })

  it('list a run whatever is nested deeper in it', async () => {
    const trials = [{ '{': '}]"\\"[{', '\\': ['\\\\"', { é: '🎈', startedAt: 5 }] }]
    writeRun('one', { trials, ...RUN, questions: { a: 'b' } })
    expect(await createRuns(folder).list()).toEqual({
      runs: [{ id: 'one', startedAt: RUN.startedAt, tier: 'quick', complete: true }],
      unreadable: [],
    })
  })

  it.skipIf(process.platform === 'win32')(
    'report what is not a regular file, and wait for none of it',
    async () => {
      for (const id of ['folder', 'fifo', 'link', 'huge', 'empty']) mkdirSync(join(folder, id))
      mkdirSync(join(folder, 'folder', 'run.json'))
      execFileSync('mkfifo', [join(folder, 'fifo', 'run.json')])
      writeRun('target', RUN)
      symlinkSync(join(folder, 'target', 'run.json'), join(folder, 'link', 'run.json'))
      symlinkSync(join(folder, 'target'), join(folder, 'linked'))
      writeFileSync(join(folder, 'huge', 'run.json'), '{')
      truncateSync(join(folder, 'huge', 'run.json'), 2 ** 30)
      writeFileSync(join(folder, 'README.md'), '')
      const runs = createRuns(folder)
      const list = await runs.list()
      expect(list.runs.map(({ id }) => id)).toEqual(['target'])
      expect(list.unreadable).toEqual([
        { id: 'link', reason: 'It is not a regular file.' },
        { id: 'huge', reason: 'It is larger than 64 MiB.' },
        { id: 'folder', reason: 'It is not a regular file.' },
        { id: 'fifo', reason: 'It is not a regular file.' },
      ])
      for (const id of ['linked', 'link', 'fifo', 'folder', 'empty', '..']) {
        expect(await runs.open(id, 'run.json')).toBeNull()
      }
      expect(await runs.head('linked')).toBeNull()
    },
  )

  it('are an empty list if there is no folder', async () => {
    expect(await createRuns(join(folder, 'none')).list()).toEqual({ runs: [], unreadable: [] })
  })

  it('are read with turns of the event loop in between, and only once', async () => {
    writeRun('big', { ...RUN, trials: Array.from({ length: 16 }, () => 'x'.repeat(BIG_BYTES / 16)) })
    const probe = await open(join(folder, 'big', 'run.json'))
    const read = vi.spyOn(Object.getPrototypeOf(probe), 'read')
    const runs = createRuns(folder)
    expect(await turnsOf(runs.list)).toBeGreaterThan(BIG_BYTES / 65_536)
    expect(read.mock.calls.length).toBeGreaterThan(BIG_BYTES / 65_536)
    read.mockClear()
    await runs.list()
    expect(read).not.toHaveBeenCalled()
    read.mockRestore()
    await probe.close()
  })

  it('are read again once they have changed, and forgotten once they are gone', async () => {
    writeText('one', '{')
    const runs = createRuns(folder)
    expect((await runs.list()).unreadable).toHaveLength(1)
    writeRun('one', RUN)
    expect(await runs.list()).toMatchObject({ runs: [{ id: 'one', tier: 'quick' }], unreadable: [] })
    writeRun('one', { ...RUN, tier: 'quirk' })
    expect((await runs.list()).runs[0]?.tier).toBe('quirk')
    rmSync(join(folder, 'one'), { recursive: true })
    expect(await runs.list()).toEqual({ runs: [], unreadable: [] })
    expect(await runs.head('one')).toBeNull()
  })

  it('are read once for concurrent requests', async () => {
    writeRun('one', RUN)
    const runs = createRuns(folder)
    const [first, ...others] = await Promise.all([runs.list(), runs.list(), runs.list()])
    for (const other of others) expect(other).toBe(first)
    expect(await runs.list()).not.toBe(first)
  })

  it('are all listed, however many there are', async () => {
    for (let n = 0; n < 300; n += 1) {
      if (n % 2 === 0) writeRun(`run-${n}`, RUN)
      else mkdirSync(join(folder, `run-${n}`))
    }
    const runs = createRuns(folder)
    expect((await runs.list()).runs).toHaveLength(150)
    expect((await runs.list()).runs).toHaveLength(150)
  })
})

describe('a requested run', () => {
  let lab: StartedLab
  beforeEach(async () => {
    lab = await startLab({ resultsFolder: folder })
  })
  afterEach(() => lab.stop())

  it('is sent as its bytes are stored', async () => {
    const text = `${JSON.stringify({ id: 'one', ...RUN, trials: [{ a: 1.0 }] }, null, 1)}\n`
    writeText('one', text)
    expect(await (await fetchRun('/one')).text()).toBe(text)
    expect((await fetchRun('/one')).headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it.each([
    { ...RUN },
    { id: 'other', ...RUN },
    { id: 5, ...RUN },
    { ...RUN, id: { b: '}' } },
    { ...RUN, trials: [{ text: '}}}'.repeat(100_000) }], id: 'x' },
  ])('is called as its folder is', async run => {
    writeText('one', `${JSON.stringify(run)} \n`)
    expect(await (await fetchRun('/one')).json()).toEqual({ ...run, id: 'one' })
  })

  it('is refused with the reason if it is not a run', async () => {
    writeText('one', '[]')
    const answer = await fetchRun('/one')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({
      error: 'Choose another run, or correct its run.json. It is not a JSON object.',
      code: 'unreadable-run',
      params: { reason: 'no-object' },
    })
    const list = (await (await fetchRun('')).json()) as ResultsList
    expect(list.unreadable).toEqual([{ id: 'one', reason: 'It is not a JSON object.' }])
    expect(await (await fetchRun('/one/run.json')).text()).toBe('[]')
  })

  it.runIf(process.platform === 'linux')('leaves no file open, however the request ends', async () => {
    const trials = ['x'.repeat(BIG_BYTES)]
    writeRun('one', { id: 'one', ...RUN, trials })
    writeRun('two', { id: 'one', ...RUN, trials })
    for (const path of ['/one', '/two', '/one/run.json']) {
      expect((await fetchRun(path, { method: 'HEAD' })).status).toBe(200)
      await abortAtHead(path)
      await abortWhileQueued(path)
      expect((await (await fetchRun(path)).text()).length).toBeGreaterThan(BIG_BYTES)
    }
    await expect.poll(openInFolder).toEqual([])
  })

  function fetchRun(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${lab.origin}/api/results${path}`, init)
  }

  /** Closes the connection while most answers wait for their turn on it. */
  async function abortWhileQueued(path: string): Promise<void> {
    const { hostname, port, host } = new URL(lab.origin)
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.write(`GET /api/results${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(30))
    await expect.poll(() => openInFolder().length).toBe(30)
    socket.destroy()
    // At once, because a garbage collection would close them as well.
    await expect.poll(openInFolder).toEqual([])
  }

  function abortAtHead(path: string): Promise<void> {
    return new Promise(resolve => {
      const asked = get(`${lab.origin}/api/results${path}`, () => asked.destroy())
      asked.on('error', () => {}).once('close', () => resolve())
    })
  }
})

/** How many turns the event loop made until `work` was done. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let working = true
  const turn = () => {
    turns += 1
    if (working) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  working = false
  return turns
}

function openInFolder(): string[] {
  return readdirSync('/proc/self/fd')
    .map(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter(path => path.startsWith(folder))
}

function writeRun(id: string, run: object): void {
  writeText(id, JSON.stringify(run))
}

function writeText(id: string, text: string): void {
  mkdirSync(join(folder, id), { recursive: true })
  writeFileSync(join(folder, id, 'run.json'), text)
  expect(readFileSync(join(folder, id, 'run.json')).length).toBe(Buffer.byteLength(text))
}
