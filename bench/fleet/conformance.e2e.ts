import { connect } from 'node:net'
import { EventSource } from 'eventsource'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { findChromium, HOW_TO_GET_CHROMIUM, launchChromium } from '../../client/page/testing/chromium.ts'
import { isStream, TECHNIQUES, type Technique, traitsOf } from '../../server/protocol/techniques.ts'
import { DATA_MAX_BYTES } from '../../server/protocol/wire.ts'
import { createRandom } from '../processes/random.ts'
import { type ServerSubject, startServer } from '../subjects/subject.ts'
import type { Reader } from './fleet-technique.ts'
import { FLEET_TECHNIQUES } from './techniques.ts'
import { type Clients, type Listener, listen } from './testing/listen.ts'

/** Frames of every length form, text that needs escaping, text that looks like framing, a batch that is cut. */
const DATA: readonly unknown[] = [
  1,
  '',
  'line\nline\n\nid: 9\r\n\r\n',
  '서울 🌋 \u2028 \u0000',
  { nested: { seq: 7, events: [{ seq: 8 }] } },
  'x'.repeat(70),
  'y'.repeat(400),
  'z'.repeat(60_000),
  // The largest there may be: with its envelope it takes the longest form.
  'é'.repeat((DATA_MAX_BYTES - 2) / 2),
]
const BURST = 600
const EVENTS = DATA.length + BURST
/** Text of two bytes per letter, around the length at which a frame's head changes its form. */
const SIZES: readonly string[] = Array.from({ length: 40 }, (_, index) => 'é'.repeat(10 + index))

const executablePath = findChromium()
if (executablePath === null)
  process.stderr.write(`${HOW_TO_GET_CHROMIUM} The fleet is compared with clients in Node only.\n`)

const aborted = new AbortController()
let server: ServerSubject
let origin: string

beforeAll(async () => {
  server = await startServer({ core: null, signal: aborted.signal, payloadBytes: 128, seed: 1 })
  origin = `http://127.0.0.1:${server.port}`
})

afterAll(() => server.stop())

interface Seen {
  place: number | null
  epoch: string
  readonly events: [seq: number, at: number | null][]
}

function readInto(
  technique: Technique,
  seen: Seen,
  sentinel: boolean,
  send: (text: string | Buffer) => void,
): Reader {
  return FLEET_TECHNIQUES[technique].createReader({
    host: new URL(origin).host,
    from: null,
    send,
    onPlace: (seq, epoch) => {
      seen.place = seq
      seen.epoch = epoch
    },
    onEvent: (seq, at) => seen.events.push([seq, at]),
    onAnswer: () => {},
    sentinel,
    pollIntervalMs: () => 30,
    // Constant, so that a replay offers the same WebSocket key as the recording.
    random: () => 0.5,
    blindCursor: null,
  })
}

async function post(path: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(path, origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.ok, await response.text()).toBe(true)
}

interface Joined {
  readonly seen: Seen
  readonly reads: readonly Buffer[]
  readonly lastRequest: string
  leave(): void
}

/** One of the fleet's readers, on a socket of its own. */
async function join(technique: Technique, sentinel: boolean): Promise<Joined> {
  const seen = nothingSeen()
  const reads: Buffer[] = []
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  let lastRequest = ''
  const reader = readInto(technique, seen, sentinel, bytes => {
    lastRequest = String(bytes)
    socket.write(bytes)
  })
  const leave = () => {
    reader.pause()
    socket.destroy()
  }
  onTestFinished(leave)
  socket.on('connect', () => reader.start())
  socket.on('data', read => {
    reads.push(Buffer.from(read))
    reader.read(read)
  })
  await expect.poll(() => seen.place).not.toBeNull()
  return {
    seen,
    reads,
    get lastRequest() {
      return lastRequest
    },
    leave,
  }
}

/** What the server sends to a reader while events are published, as it came, and what the reader made of it. */
async function record(technique: Technique): Promise<{ bytes: Buffer; seen: Seen }> {
  const { seen, reads, leave } = await join(technique, true)
  for (const data of DATA) await post('/api/events', { type: 'test', data })
  await post('/api/burst', { count: BURST })
  await expect.poll(() => seen.events.length, { timeout: 5_000 }).toBe(EVENTS)
  leave()
  return { bytes: Buffer.concat(reads), seen }
}

function nothingSeen(): Seen {
  return { place: null, epoch: '', events: [] }
}

function replay(technique: Technique, bytes: Buffer, sentinel: boolean, nextLength: () => number): Seen {
  const seen = nothingSeen()
  const reader = readInto(technique, seen, sentinel, () => {})
  reader.start()
  // One buffer for every read, overwritten each time, so that a reader that keeps a part of it fails.
  const shared = Buffer.alloc(bytes.length)
  for (let start = 0; start < bytes.length; ) {
    const length = Math.min(nextLength(), bytes.length - start)
    bytes.copy(shared, 0, start, start + length)
    reader.read(shared.subarray(0, length))
    shared.fill(0)
    start += length
  }
  reader.pause()
  return seen
}

for (const technique of TECHNIQUES) {
  test(`${technique}: what the server sends is read the same however the network cuts it`, async () => {
    const { bytes, seen } = await record(technique)
    const place = seen.place ?? -1
    expect(seen.events.map(([seq]) => seq)).toEqual(
      Array.from({ length: EVENTS }, (_, index) => place + index + 1),
    )

    const random = createRandom(7)
    for (const longest of [2_000, 64 * 1024]) {
      const cut = replay(technique, bytes, true, () => 1 + Math.floor(random() * longest))
      expect(cut, `in random reads of at most ${longest} bytes`).toEqual(seen)
    }
    // A byte at a time copies what is kept for each byte, so the long event is left out.
    const short = bytes.subarray(0, bytes.indexOf('zzzz'))
    const whole = replay(technique, short, true, () => short.length)
    expect(replay(technique, short, true, () => 1)).toEqual(whole)
    expect(replay(technique, short, true, () => 1 + Math.floor(random() * 40))).toEqual(whole)
    expect(whole.place).toBe(place)
  })

  test(`${technique}: a reader that only counts sees the same numbers as a sentinel`, async () => {
    const { bytes, seen } = await record(technique)
    const counted = replay(technique, bytes, false, () => 1_000)
    expect(counted.events).toEqual(seen.events.map(([seq]) => [seq, null]))
  })
}

describe('compared with real clients', () => {
  const inNode: Clients = { fetch, EventSource, WebSocket: WebSocket as unknown as Clients['WebSocket'] }
  let browser: Browser | null = null

  beforeAll(async () => {
    if (executablePath !== null) browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test('the fleet reads the same events as ws, eventsource, fetch and a browser', async () => {
    const leaving = new AbortController()
    onTestFinished(() => leaving.abort())
    const readBrowser = browser === null ? async () => [] : await listenIn(browser)
    const listeners = TECHNIQUES.map(technique => listen(origin, traitsOf(technique), inNode, leaving.signal))
    const readers = await Promise.all(
      TECHNIQUES.flatMap(technique =>
        [true, false].map(async sentinel => ({
          technique,
          sentinel,
          joined: await join(technique, sentinel),
        })),
      ),
    )
    await expect
      .poll(async () => [...listeners, ...(await readBrowser())].map(({ place }) => place), {
        timeout: 5_000,
      })
      .not.toContain(null)

    let published = 0
    for (const data of DATA) {
      await post('/api/events', { type: 'one-by-one', data })
      published++
      await expect.poll(() => behind(published), { interval: 5, timeout: 5_000 }).toBe(0)
    }
    await Promise.all([...DATA, ...SIZES].map(data => post('/api/events', { type: 'together', data })))
    await post('/api/burst', { count: BURST })
    published += DATA.length + SIZES.length + BURST
    await expect.poll(() => behind(published), { timeout: 10_000 }).toBe(0)
    await expect
      .poll(async () => (await readBrowser()).filter(({ events }) => events.length < published).length, {
        timeout: 10_000,
      })
      .toBe(0)

    const real = [...listeners, ...(await readBrowser())]
    const [first] = real
    if (first === undefined) throw new Error('there is no listener')
    expect(first.events.slice(0, DATA.length).map(({ data }) => data)).toEqual(DATA)
    expect(first.cursor).toBe(`${first.place?.slice(0, 10)}-${first.events.at(-1)?.seq}`)
    for (const listener of real) expect(listener).toEqual({ ...first, complaints: [] })
    for (const { technique, sentinel, joined } of readers) {
      const { seen } = joined
      const who = `${technique}, ${sentinel ? 'a sentinel' : 'one that counts'}`
      expect({ ...seen, place: `${seen.epoch}-${seen.place}` }, who).toEqual({
        epoch: first.place?.slice(0, 10),
        place: first.place,
        events: first.events.map(({ seq, at }) => [seq, sentinel ? at : null]),
      })
      if (!isStream(technique))
        await expect.poll(() => joined.lastRequest, { message: who }).toContain(`cursor=${first.cursor} `)
    }

    /** How many readers in this process have fewer events than `count`. */
    function behind(count: number): number {
      return [...listeners, ...readers.map(({ joined }) => joined.seen)].filter(
        ({ events }) => events.length < count,
      ).length
    }
  })

  /** Listens to each technique in a page of the server that has no script; returns how to read what they have. */
  async function listenIn(browser: Browser): Promise<() => Promise<Listener[]>> {
    const page = await browser.newPage()
    await page.goto(`${origin}/api/health`)
    await page.evaluate(
      `globalThis.listeners = ${JSON.stringify(TECHNIQUES.map(traitsOf))}.map(traits =>
        (${listen})(location.origin, traits, globalThis, new AbortController().signal))`,
    )
    return () => page.evaluate('listeners')
  }
})
