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
import { type ResultsList, RUN_SCHEMA } from '../protocol/run.ts'
import { type StartedLab, startLab } from '../testing/start-lab.ts'
import { createRuns } from './runs.ts'

const RUN = {
  schema: RUN_SCHEMA,
  startedAt: '2026-01-01T00:00:00Z',
  tier: 'quick',
  complete: true,
  summary: [],
}
const BIG_BYTES = 16 * 1024 * 1024

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'push-lab-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the runs of a folder', () => {
  it.each([
    ['', 'not-json'],
    ['{', 'not-json'],
    [JSON.stringify({ id: 'x', ...RUN }).slice(0, -1), 'not-json'],
    [`${JSON.stringify(RUN)}]`, 'not-json'],
    ['{}', 'other-schema'],
    ['null', 'not-an-object'],
    ['[]', 'not-an-object'],
    ['5', 'not-an-object'],
    ['"run"', 'not-an-object'],
    [`[${JSON.stringify(RUN)}]`, 'not-an-object'],
    [JSON.stringify({ ...RUN, startedAt: 5 }), 'not-a-short-text', 'startedAt'],
    [JSON.stringify({ ...RUN, startedAt: null }), 'not-a-short-text', 'startedAt'],
    [JSON.stringify({ ...RUN, startedAt: 'x'.repeat(10_000) }), 'not-a-short-text', 'startedAt'],
    [JSON.stringify({ ...RUN, tier: ['quick'] }), 'not-a-short-text', 'tier'],
    [JSON.stringify({ ...RUN, tier: undefined }), 'not-a-short-text', 'tier'],
    [JSON.stringify({ ...RUN, complete: 'yes' }), 'not-a-boolean', 'complete'],
    [JSON.stringify({ ...RUN, summary: 5 }), 'not-a-list', 'summary'],
    [JSON.stringify({ ...RUN, trials: {} }), 'not-a-list', 'trials'],
    [JSON.stringify({ ...RUN, provenance: [] }), 'not-an-object-member', 'provenance'],
    [JSON.stringify({ ...RUN, notes: 'x'.repeat(100_000) }), 'too-much-at-top'],
    [`{"startedAt":${JSON.stringify(RUN).slice(1)}`, 'not-json'],
  ])(
    'list the run %.40s as unreadable, with the reason, and the others as ever',
    async (text, code, member?: string) => {
      writeRun('good', RUN)
      writeText('odd', text)
      const { runs, unreadable } = await createRuns(folder).list()
      expect(runs.map(({ id }) => id)).toEqual(['good'])
      expect(unreadable).toMatchObject([{ id: 'odd', reason: { code } }])
      expect(unreadable[0]?.reason.params['member']).toBe(member)
    },
  )

  it.each([RUN_SCHEMA - 1, RUN_SCHEMA + 1, 'three'])('list one of schema %j as unreadable', async schema => {
    writeRun('other', { ...RUN, schema })
    const [other] = (await createRuns(folder).list()).unreadable
    const params = { schema: typeof schema === 'number' ? schema : null, reads: RUN_SCHEMA }
    expect(other).toEqual({ id: 'other', reason: { code: 'other-schema', params } })
  })

  it('list a run whatever lies deeper in it', async () => {
    const trials = [{ '{': '}]"\\"[{', '\\': ['\\\\"', { é: '🎈', startedAt: 5 }] }]
    writeRun('one', { trials, ...RUN, metrics: { a: { unit: 'b' } } })
    expect(await createRuns(folder).list()).toEqual({
      runs: [{ id: 'one', startedAt: RUN.startedAt, tier: 'quick', complete: true }],
      unreadable: [],
    })
  })

  it.skipIf(process.platform === 'win32')('say what is no file, and wait for none of it', async () => {
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
      { id: 'link', reason: { code: 'not-a-file', params: {} } },
      { id: 'huge', reason: { code: 'too-large', params: { mebibytes: 64 } } },
      { id: 'folder', reason: { code: 'not-a-file', params: {} } },
      { id: 'fifo', reason: { code: 'not-a-file', params: {} } },
    ])
    for (const id of ['linked', 'link', 'fifo', 'folder', 'empty', '..']) {
      expect(await runs.open(id, 'run.json')).toBeNull()
    }
    expect(await runs.head('linked')).toBeNull()
  })

  it('are none where there is no folder', async () => {
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

  it('are looked at once for all who ask at the same time', async () => {
    writeRun('one', RUN)
    const runs = createRuns(folder)
    const [first, ...others] = await Promise.all([runs.list(), runs.list(), runs.list()])
    for (const other of others) expect(other).toBe(first)
    expect(await runs.list()).not.toBe(first)
  })

  it('are all there, of however many', async () => {
    for (let n = 0; n < 300; n += 1) {
      if (n % 2 === 0) writeRun(`run-${n}`, RUN)
      else mkdirSync(join(folder, `run-${n}`))
    }
    const runs = createRuns(folder)
    expect((await runs.list()).runs).toHaveLength(150)
    expect((await runs.list()).runs).toHaveLength(150)
  })
})

describe('a run that is asked for', () => {
  let lab: StartedLab
  beforeEach(async () => {
    lab = await startLab({ resultsFolder: folder })
  })
  afterEach(() => lab.stop())

  it('is sent as its bytes are stored', async () => {
    const text = `${JSON.stringify({ id: 'one', ...RUN, trials: [{ a: 1.0 }] }, null, 1)}\n`
    writeText('one', text)
    expect(await (await ask('/one')).text()).toBe(text)
    expect((await ask('/one')).headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it.each([
    { ...RUN },
    { id: 'other', ...RUN },
    { id: 5, ...RUN },
    { ...RUN, id: { b: '}' } },
    { ...RUN, trials: [{ text: '}}}'.repeat(100_000) }], id: 'x' },
  ])('is called as its folder is', async run => {
    writeText('one', `${JSON.stringify(run)} \n`)
    expect(await (await ask('/one')).json()).toEqual({ ...run, id: 'one' })
  })

  it('is refused with the reason if it is odd', async () => {
    writeText('one', '[]')
    const answer = await ask('/one')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({
      error: 'Choose another run: this one cannot be read (not-an-object).',
      code: 'unreadable-run',
    })
    const list = (await (await ask('')).json()) as ResultsList
    expect(list.unreadable).toEqual([{ id: 'one', reason: { code: 'not-an-object', params: {} } }])
    expect(await (await ask('/one/run.json')).text()).toBe('[]')
  })

  it.runIf(process.platform === 'linux')('leaves no file open, however the request ends', async () => {
    const trials = ['x'.repeat(BIG_BYTES)]
    writeRun('one', { id: 'one', ...RUN, trials })
    writeRun('two', { id: 'one', ...RUN, trials })
    for (const path of ['/one', '/two', '/one/run.json']) {
      expect((await ask(path, { method: 'HEAD' })).status).toBe(200)
      await abortAtHead(path)
      await abortWhileQueued(path)
      expect((await (await ask(path)).text()).length).toBeGreaterThan(BIG_BYTES)
    }
    await expect.poll(openInFolder).toEqual([])
  })

  function ask(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${lab.origin}/api/results${path}`, init)
  }

  /** Hangs up while most answers wait for their turn on the connection. */
  async function abortWhileQueued(path: string): Promise<void> {
    const { hostname, port, host } = new URL(lab.origin)
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.write(`GET /api/results${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(30))
    await expect.poll(() => openInFolder().length).toBe(30)
    socket.destroy()
    // At once: a collection of garbage would close them as well.
    await expect.poll(openInFolder).toEqual([])
  }

  function abortAtHead(path: string): Promise<void> {
    return new Promise(resolve => {
      const asked = get(`${lab.origin}/api/results${path}`, () => asked.destroy())
      asked.on('error', () => {}).once('close', () => resolve())
    })
  }
})

/** How often the event loop turned until `work` was done. */
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
