import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol.ts'
import { createRandom } from '../random.ts'
import { createLongPollReader } from './long-poll.ts'
import { createPollReader } from './poll.ts'
import type { CreateReader, Reader } from './reader.ts'
import { createSseReader } from './sse.ts'
import { createWebSocketReader } from './websocket.ts'

const READERS: Readonly<Record<Technique, CreateReader>> = {
  poll: createPollReader,
  'long-poll': createLongPollReader,
  sse: createSseReader,
  websocket: createWebSocketReader,
}

/** Frames of every length form, text that needs escaping, text that looks like framing, a cut batch. */
const DATA: readonly unknown[] = [
  1,
  '',
  'line\nline\n\nid: 9\r\n\r\n',
  '서울 🌋 \u2028 \u0000',
  { nested: { seq: 7, events: [{ seq: 8 }] } },
  'x'.repeat(70),
  'y'.repeat(400),
  'z'.repeat(60_000),
]
const BURST = 600
const EVENTS = DATA.length + BURST

let server: ChildProcess
let origin: string

beforeAll(async () => {
  const args = ['--port', '0', '--road-port', 'off', '--source', 'synthetic', '--rate', '0']
  server = spawn(process.execPath, ['dist/server/main.js', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  if (server.stdout === null) throw new Error('the server has no stdout')
  for await (const line of createInterface(server.stdout)) {
    origin = line
    if (line.startsWith('http')) break
  }
})

afterAll(async () => {
  server.kill()
  await once(server, 'exit')
})

interface Seen {
  place: number | null
  readonly events: [seq: number, at: number | null][]
}

function readInto(
  technique: Technique,
  seen: Seen,
  sentinel: boolean,
  send: (text: string | Buffer) => void,
): Reader {
  return READERS[technique]({
    host: new URL(origin).host,
    from: null,
    send,
    onPlace: seq => {
      seen.place = seq
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

/** What the server sends to a reader while events are published, as it came, and what the reader made of it. */
async function record(technique: Technique): Promise<{ bytes: Buffer; seen: Seen }> {
  const seen: Seen = { place: null, events: [] }
  const reads: Buffer[] = []
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  const reader = readInto(technique, seen, true, bytes => socket.write(bytes))
  socket.on('connect', () => reader.start())
  socket.on('data', read => {
    reads.push(Buffer.from(read))
    reader.read(read)
  })
  await expect.poll(() => seen.place).not.toBeNull()
  for (const data of DATA) await post('/api/events', { type: 'test', data })
  await post('/api/burst', { count: BURST })
  await expect.poll(() => seen.events.length, { timeout: 5_000 }).toBe(EVENTS)
  reader.pause()
  socket.destroy()
  return { bytes: Buffer.concat(reads), seen }
}

function replay(technique: Technique, bytes: Buffer, sentinel: boolean, nextLength: () => number): Seen {
  const seen: Seen = { place: null, events: [] }
  const reader = readInto(technique, seen, sentinel, () => {})
  reader.start()
  // One buffer for every read, overwritten each time: whoever keeps a part of it is found out.
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
