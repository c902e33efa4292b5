import { expect, onTestFinished, test, vi } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { Gap } from '../../server/protocol/wire.ts'
import { type SubscribeOptions, type Subscription, type SubscriptionState, subscribe } from './subscribe.ts'
import { type ScriptedWorld, scriptWorld } from './testing/scripted-world.ts'

const EPOCH = 'k3f9x2ab7q'
const LATER = 'm4g0y3bc8r'
const STREAMS = ['sse', 'websocket'] as const

function at(seq: number, epoch = EPOCH): string {
  return `${epoch}-${seq}`
}

function event(seq: number) {
  return { seq, at: 1_763_805_411_999, type: 'say', data: `number ${seq}` }
}

function batch(from: number, to: number, more = {}) {
  return { cursor: at(to), events: Array.from({ length: to - from + 1 }, (_, i) => event(from + i)), ...more }
}

function emptyBatch(seq: number) {
  return { cursor: at(seq), events: [] }
}

/** Starts a reader in a world of its own and notes what the application is told. */
function start(technique: Technique, options: Partial<SubscribeOptions> = {}) {
  const world = scriptWorld()
  const seqs: number[] = []
  const gaps: [Gap['reason'], string][] = []
  const states: SubscriptionState[] = []
  const reader = subscribe({
    technique,
    origin: 'http://lab.test:3001',
    environment: world.environment,
    onEvent: delivery => seqs.push(delivery.event.seq),
    onGap: (gap, cursor) => gaps.push([gap.reason, cursor]),
    onState: state => states.push(state),
    ...options,
  })
  onTestFinished(() => reader.close())
  return { world, reader, seqs, gaps, states }
}

/** What the server does, said alike for all four. Poll and long poll answer the ask that is open. */
function server(technique: Technique, world: ScriptedWorld) {
  const stream = () => found(world.streams.at(-1))
  const socket = () => found(world.sockets.at(-1))
  const ask = () => found(world.requests.findLast(request => request.open))

  const acts: Record<
    Technique,
    {
      asked(): URL
      hello(seq: number): Promise<void>
      sends(from: number, to: number): Promise<void>
      cuts(): Promise<void>
    }
  > = {
    poll: polled(() => world.pass(1000)),
    'long-poll': polled(async () => {}),
    sse: {
      asked: () => stream().url,
      async hello(seq) {
        stream().accept()
        stream().send('hello', hello(seq), at(seq))
      },
      async sends(from, to) {
        for (let seq = from; seq <= to; seq += 1) stream().send('message', event(seq), at(seq))
      },
      async cuts() {
        stream().refuse()
      },
    },
    websocket: {
      asked: () => socket().url,
      async hello(seq) {
        socket().accept()
        socket().receive({ control: 'hello', ...hello(seq) })
      },
      async sends(from, to) {
        for (let seq = from; seq <= to; seq += 1) socket().receive(event(seq))
      },
      async cuts() {
        socket().end(1006)
      },
    },
  }
  return acts[technique]

  function polled(rest: () => Promise<void>) {
    return {
      asked: () => ask().url,
      hello: async (seq: number) => {
        await ask().answer(emptyBatch(seq))
        await rest()
      },
      sends: async (from: number, to: number) => {
        await ask().answer(batch(from, to))
        await rest()
      },
      cuts: () => ask().fail(),
    }
  }
}

function hello(seq: number, epoch = EPOCH) {
  return { epoch, cursor: at(seq), oldest: 1, top: seq, heartbeatMs: 15_000 }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The reader has not asked.')
  return value
}

function asksOf(world: ScriptedWorld): number {
  return world.requests.length + world.streams.length + world.sockets.length
}

test.each(TECHNIQUES)('%s: begins with now, gives its name, and learns its place', async technique => {
  const { world, reader } = start(technique, { clientName: 'reader01' })
  const { asked, hello } = server(technique, world)
  expect(asked().searchParams.get('cursor')).toBe('now')
  expect(asked().searchParams.get('client')).toBe('reader01')
  expect(reader.place).toBeNull()
  await hello(41)
  expect(reader.place).toBe(at(41))
})

test.each(TECHNIQUES)('%s: hands on every event once, in order, with the place after it', async technique => {
  const deliveries: [number, string, number][] = []
  const { world, reader } = start(technique, {
    onEvent: ({ event, cursor, receivedAt }) => deliveries.push([event.seq, cursor, receivedAt]),
  })
  const { hello, sends } = server(technique, world)
  await hello(41)
  const receivedAt = world.environment.now()
  await sends(42, 43)
  expect(deliveries).toEqual([
    [42, at(42), receivedAt],
    [43, at(43), receivedAt],
  ])
  expect(reader.audit).toMatchObject({ received: 2, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0 })
})

test.each(TECHNIQUES)('%s: drops what it has, and counts it', async technique => {
  const { world, reader, seqs } = start(technique)
  const { hello, sends } = server(technique, world)
  await hello(41)
  await sends(42, 43)
  await sends(41, 44)
  expect(seqs).toEqual([42, 43, 44])
  expect(reader.audit).toMatchObject({ received: 3, repeated: 3, undeclaredGaps: 0 })
})

test.each(TECHNIQUES)(
  '%s: on a jump it takes nothing more, and resumes from its last place',
  async technique => {
    const { world, reader, seqs, states } = start(technique)
    const { hello, sends, asked } = server(technique, world)
    await hello(41)
    await sends(42, 42)
    await sends(44, 46)
    expect(seqs).toEqual([42])
    expect(reader.audit).toMatchObject({ received: 1, undeclaredGaps: 1 })
    await world.pass(0)
    expect(states).toContainEqual({
      name: 'reconnecting',
      untilMs: expect.any(Number),
      attempt: 1,
      why: 'broken',
    })

    await world.pass(1000)
    expect(asked().searchParams.get('cursor')).toBe(at(42))
    await hello(42)
    await sends(43, 46)
    expect(seqs).toEqual([42, 43, 44, 45, 46])
  },
)

test.each(TECHNIQUES)('%s: comes back after a cut with its place, and misses nothing', async technique => {
  const { world, reader, seqs } = start(technique)
  const { hello, sends, cuts, asked } = server(technique, world)
  await hello(41)
  await sends(42, 43)
  await cuts()
  await world.pass(1000)
  expect(asked().searchParams.get('cursor')).toBe(at(43))

  if (technique === 'sse' || technique === 'websocket') await hello(43)
  await sends(44, 45)

  expect(seqs).toEqual([42, 43, 44, 45])
  expect(reader.audit.undeclaredGaps).toBe(0)
})

test.each(TECHNIQUES)('%s: goes on from a cursor of an earlier life', async technique => {
  const { world, reader, seqs } = start(technique, { from: at(41) })
  const { hello, sends, asked } = server(technique, world)
  expect(asked().searchParams.get('cursor')).toBe(at(41))
  if (technique === 'sse' || technique === 'websocket') await hello(41)
  await sends(43, 43)
  expect(seqs).toEqual([])
  expect(reader.audit.undeclaredGaps).toBe(1)
})

test.each(TECHNIQUES)('%s: after closing nothing is left and nothing is heard', async technique => {
  const { world, reader, seqs, states } = start(technique)
  const { hello, sends } = server(technique, world)
  await hello(41)
  await sends(42, 42)
  reader.close()
  reader.close()
  expect(world.timers).toBe(0)
  expect(world.requests.filter(request => request.open)).toEqual([])
  expect(world.streams.every(stream => stream.readyState === 2)).toBe(true)
  expect(world.sockets.every(socket => socket.readyState === 3)).toBe(true)
  expect(states.filter(({ name }) => name === 'closed')).toEqual([{ name: 'closed', reason: null }])

  const asks = asksOf(world)
  world.sockets.at(-1)?.receive(event(43))
  world.sockets.at(-1)?.end(1006)
  reader.wake()
  reader.configure({ pollIntervalMs: 1, waitSeconds: 1 })
  await world.pass(100_000)
  expect(seqs).toEqual([42])
  expect(asksOf(world)).toBe(asks)
  await expect(reader.say('hello?')).rejects.toThrow('closed')
})

test.each(TECHNIQUES)('%s: closing while it waits to come back stops that too', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).cuts()
  expect(reader.state.name).toBe('reconnecting')
  reader.close()
  expect(world.timers).toBe(0)
})

test.each(TECHNIQUES)('%s: the application may close in the middle of what it is handed', async technique => {
  const { world, reader, seqs } = start(technique, {
    onEvent: delivery => {
      seqs.push(delivery.event.seq)
      if (delivery.event.seq === 43) reader.close()
    },
  })
  const { hello, sends } = server(technique, world)
  await hello(41)
  await sends(42, 45).catch(() => {})
  expect(seqs).toEqual([42, 43])
  expect(reader.place).toBe(at(43))
  expect(world.timers).toBe(0)
  expect(world.requests.filter(request => request.open)).toEqual([])
})

test.each(TECHNIQUES)(
  '%s: an error of the application costs no event and is not swallowed',
  async technique => {
    const seen: number[] = []
    const { world } = start(technique, {
      onEvent: ({ event: { seq } }) => {
        seen.push(seq)
        if (seq === 42) throw new Error('a mistake of the page')
      },
    })
    const { hello, sends } = server(technique, world)
    await hello(41)
    if (technique === 'poll' || technique === 'long-poll') {
      await found(world.requests.findLast(request => request.open)).answer(batch(42, 43))
    } else {
      await sends(42, 43)
    }
    expect(seen).toEqual([42, 43])
    await expect(world.pass(0)).rejects.toThrow('a mistake of the page')
  },
)

// ------------------------------------------------------------------------------------------------- gaps

test.each(['poll', 'long-poll'] as const)(
  '%s: a gap comes before its events and moves the place',
  async technique => {
    const order: (string | number)[] = []
    const { world, reader } = start(technique, {
      from: at(10),
      onGap: (gap, cursor) => order.push(`${gap.reason} → ${cursor}`),
      onEvent: delivery => order.push(delivery.event.seq),
    })
    const gap = { reason: 'trimmed', from: 11, to: 98, lost: 88 }
    await found(world.requests[0]).answer(batch(99, 100, { gap }))
    expect(order).toEqual([`trimmed → ${at(98)}`, 99, 100])
    expect(reader.audit).toMatchObject({ gaps: 1, missing: 88, undeclaredGaps: 0 })
  },
)

test.each(['poll', 'long-poll'] as const)('%s: a gap without events moves the place too', async technique => {
  const { world, reader, gaps } = start(technique, { from: at(90) })
  await found(world.requests[0]).answer({ ...emptyBatch(12), gap: { reason: 'ahead', lost: null } })
  expect(gaps).toEqual([['ahead', at(12)]])
  expect(reader.place).toBe(at(12))
})

test.each(['poll', 'long-poll'] as const)(
  '%s: a batch that ends beyond its events hides some',
  async technique => {
    const { world, reader } = start(technique, { from: at(10) })
    await found(world.requests[0]).answer({ ...batch(11, 12), cursor: at(15) })
    expect(reader.audit).toMatchObject({ received: 2, undeclaredGaps: 1 })
    expect(reader.place).toBe(at(12))
  },
)

test('sse: a gap moves the place to its id, and the next event follows it', async () => {
  const { world, reader, seqs, gaps } = start('sse', { from: at(10) })
  const stream = found(world.streams[0])
  stream.accept()
  stream.send('hello', hello(10), at(10))
  stream.send('gap', { reason: 'trimmed', from: 11, to: 98, lost: 88 }, at(98))
  expect(reader.place).toBe(at(98))
  stream.send('message', event(99), at(99))
  expect(seqs).toEqual([99])
  expect(gaps).toEqual([['trimmed', at(98)]])
  expect(reader.audit).toMatchObject({ gaps: 1, missing: 88, undeclaredGaps: 0 })
})

test('websocket: after a gap of another epoch the bare events belong to it', async () => {
  const { world, reader, seqs, gaps } = start('websocket', { from: at(10) })
  const socket = found(world.sockets[0])
  socket.accept()
  socket.receive({ control: 'hello', ...hello(10), epoch: LATER })
  socket.receive({ control: 'gap', reason: 'epoch', lost: null, cursor: at(0, LATER) })
  socket.receive(event(1))
  socket.receive({ control: 'gap', reason: 'epoch', lost: null, cursor: at(6, EPOCH) })
  socket.receive(event(7))
  expect(seqs).toEqual([1, 7])
  expect(gaps).toEqual([
    ['epoch', at(0, LATER)],
    ['epoch', at(6)],
  ])
  expect(reader.place).toBe(at(7))
  expect(reader.audit).toMatchObject({ gaps: 2, missing: 0, undeclaredGaps: 0 })
})

test.each(STREAMS)('%s: another epoch without a gap is a jump, even if its number is the next', technique => {
  const { world, reader, seqs } = start(technique, { from: at(10) })
  const stream = world.streams[0]
  stream?.accept()
  stream?.send('hello', hello(10, LATER), at(10))
  stream?.send('message', event(11), at(11, LATER))
  const socket = world.sockets[0]
  socket?.accept()
  socket?.receive({ control: 'hello', ...hello(10, LATER) })
  socket?.receive(event(11))
  expect(seqs).toEqual([])
  expect(reader.audit.undeclaredGaps).toBe(1)
})

test.each(STREAMS)('%s: an event before the hello is not believed, and the link with it', technique => {
  const { world, reader, seqs } = start(technique)
  world.streams[0]?.accept()
  world.streams[0]?.send('message', event(11), at(11))
  world.sockets[0]?.accept()
  world.sockets[0]?.receive(event(11))
  expect(seqs).toEqual([])
  expect(reader.state.name).toBe('reconnecting')
  expect(reader.audit.undeclaredGaps).toBe(0)
})

test('websocket: control messages of a later protocol are passed over', () => {
  const { world, reader, seqs } = start('websocket')
  const socket = found(world.sockets[0])
  socket.accept()
  socket.receive({ control: 'hello', ...hello(10) })
  socket.receive({ control: 'weather', sunny: true })
  socket.receive(event(11))
  expect(seqs).toEqual([11])
  expect(reader.state.name).toBe('open')
})

// ------------------------------------------------------------------------------------------------ polls

test('poll: starts lie one interval apart, however long an answer takes', async () => {
  const { world } = start('poll', { pollIntervalMs: 500 })
  for (const answerMs of [0, 120, 499]) {
    await world.pass(answerMs)
    await found(world.requests.at(-1)).answer(emptyBatch(1))
    await world.pass(500 - answerMs)
  }
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 500, 1000, 1500])
})

test('poll: an ask that takes longer than the interval delays the next, and never overlaps it', async () => {
  const { world, reader } = start('poll', { pollIntervalMs: 500 })
  await world.pass(1700)
  expect(world.requests).toHaveLength(1)
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(0)
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 1700])
  expect(reader.audit.asks).toBe(2)
})

test('poll: asks again at once when there is more', async () => {
  const { world, seqs, states } = start('poll', { from: at(0) })
  await found(world.requests[0]).answer(batch(1, 3, { more: true }))
  expect(world.requests.map(({ url }) => url.searchParams.get('cursor'))).toEqual([at(0), at(3)])

  await found(world.requests[1]).answer(batch(4, 5))
  expect(world.requests).toHaveLength(2)
  await world.pass(1000)
  await found(world.requests[2]).answer(batch(6, 6, { more: true }))
  await found(world.requests[3]).answer(batch(7, 7))
  expect(world.requests).toHaveLength(4)
  expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(states.map(({ name }) => name)).toEqual(['connecting', 'resting', 'asking', 'resting'])
})

test('poll: another interval takes effect at once, counted from the last ask', async () => {
  const { world, reader } = start('poll', { pollIntervalMs: 60_000 })
  await found(world.requests[0]).answer(emptyBatch(1))
  expect(reader.state).toEqual({ name: 'resting', untilMs: 60_000 })
  await world.pass(300)
  reader.configure({ pollIntervalMs: 1000 })
  expect(reader.state).toEqual({ name: 'resting', untilMs: 1000 })
  await world.pass(700)
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 1000])
  await found(world.requests[1]).answer(emptyBatch(1))
  await world.pass(200)
  reader.configure({ pollIntervalMs: 100 })
  await world.pass(0)
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 1000, 1200])
})

test('poll: a rest longer than any silence is no dead link', async () => {
  const { world, reader } = start('poll', { pollIntervalMs: 60_000 })
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(59_999)
  expect(reader.audit.asks).toBe(1)
  await world.pass(1)
  expect(reader.audit.asks).toBe(2)
})

test('poll: says what it is doing', async () => {
  const { world, states } = start('poll')
  await world.pass(10)
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(1000)
  expect(states).toEqual([{ name: 'connecting' }, { name: 'resting', untilMs: 1000 }, { name: 'asking' }])
})

test('long-poll: asks again at once after an empty batch, and names its wait', async () => {
  const { world, states } = start('long-poll', { waitSeconds: 30 })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(30_000)
  await found(world.requests[1]).answer(emptyBatch(7))
  expect(world.requests.map(({ url }) => url.searchParams.get('cursor'))).toEqual(['now', at(7), at(7)])
  expect(world.requests.map(({ url }) => url.searchParams.get('wait'))).toEqual(['0', '30', '30'])
  expect(states).toEqual([
    { name: 'connecting' },
    { name: 'holding', sinceMs: 0 },
    { name: 'holding', sinceMs: 30_000 },
  ])
})

test('long-poll: another wait gives up the held ask and asks anew', async () => {
  const { world, reader } = start('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(emptyBatch(7))
  reader.configure({ waitSeconds: 2 })
  expect(world.requests.map(request => request.open)).toEqual([false, false, true])
  await found(world.requests[2]).answer(emptyBatch(7))
  expect(found(world.requests[3]).url.search).toBe(`?cursor=${at(7)}&wait=2`)
  reader.configure({ pollIntervalMs: 2 })
  expect(world.requests).toHaveLength(4)
})

test('each kind of poll uses the cache mode that the browser needs, and no header of its own', () => {
  expect(found(start('poll').world.requests[0]).init).toEqual({
    cache: 'no-cache',
    signal: expect.anything(),
  })
  expect(found(start('long-poll').world.requests[0]).init).toEqual({
    cache: 'no-store',
    signal: expect.anything(),
  })
})

test.each(['poll', 'long-poll'] as const)('%s: a bare 304 means nothing new', async technique => {
  const { world, reader } = start(technique, { from: at(7) })
  await found(world.requests[0]).answer(null, { status: 304 })
  await world.pass(1000)
  expect(reader.place).toBe(at(7))
  expect(found(world.requests[1]).url.searchParams.get('cursor')).toBe(at(7))
})

// ---------------------------------------------------------------------------------------------- refusals

test.each(['poll', 'long-poll'] as const)(
  '%s: a final refusal ends it with the server’s sentence',
  async technique => {
    const { world, reader, states } = start(technique, { from: 'nonsense' })
    const refusal = { error: 'Give a cursor as you received it.', code: 'bad-cursor' }
    await found(world.requests[0]).answer(refusal, { status: 400 })
    expect(states.at(-1)).toEqual({ name: 'closed', reason: 'Give a cursor as you received it.' })
    expect(reader.state).toBe(states.at(-1))
    await world.pass(100_000)
    expect(world.requests).toHaveLength(1)
    expect(world.timers).toBe(0)
  },
)

test.each([429, 503])('a %i is tried again when Retry-After says, not before', async status => {
  const { world, reader } = start('poll', { from: at(7) })
  await found(world.requests[0]).answer(
    { error: 'Later.', code: 'full' },
    { status, headers: { 'retry-after': '7' } },
  )
  expect(reader.state).toEqual({
    name: 'reconnecting',
    untilMs: 7000,
    attempt: 1,
    why: 'refused',
    reason: 'Later.',
  })
  await world.pass(6999)
  expect(world.requests).toHaveLength(1)
  await world.pass(1)
  expect(world.requests).toHaveLength(2)
})

test.each(['poll', 'long-poll'] as const)('%s: another kind of answer is tried again', async technique => {
  const { world, reader } = start(technique, { from: at(7) })
  await found(world.requests[0]).answer('<html>Welcome to our WLAN</html>', {
    headers: { 'content-type': 'text/html' },
  })
  expect(reader.state.name).toBe('reconnecting')
  await world.pass(1000)
  await found(world.requests[1]).answer(batch(8, 8))
  expect(reader.place).toBe(at(8))
})

test('websocket: 4400 is final, in the server’s words', async () => {
  const { world, reader } = start('websocket')
  found(world.sockets[0]).end(4400, 'Send only {"say": …}.')
  expect(reader.state).toEqual({ name: 'closed', reason: 'Send only {"say": …}.' })
  await world.pass(100_000)
  expect(world.sockets).toHaveLength(1)
})

test.each([1006, 1012, 1013, 4408, 1000])('websocket: after %i it comes back with its place', async code => {
  const { world } = start('websocket', { from: at(7) })
  found(world.sockets[0]).end(code)
  await world.pass(1000)
  expect(found(world.sockets[1]).url.href).toBe(`ws://lab.test:3001/ws?cursor=${at(7)}`)
})

test('websocket: comes back no sooner than the bye asked for', async () => {
  const { world, reader } = start('websocket')
  const socket = found(world.sockets[0])
  socket.accept()
  socket.receive({ control: 'hello', ...hello(7) })
  socket.receive({ control: 'bye', reason: 'The server is closing.', retryMs: 2500 })
  socket.end(1012)
  expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 2500, attempt: 1, why: 'cut' })
})

test.each([
  [-1e9, 500],
  [1e12, 3_600_000],
])('a bye that asks for %i ms is heard as %i', (retryMs, delayMs) => {
  const { world, reader } = start('websocket')
  found(world.sockets[0]).receive({ control: 'bye', reason: 'The server is closing.', retryMs })
  found(world.sockets[0]).end(1012)
  expect(reader.state).toMatchObject({ untilMs: delayMs })
})

test('sse: an EventSource that reconnects by itself is left to it', async () => {
  const { world, reader, seqs, states } = start('sse')
  await world.pass(0)
  const stream = found(world.streams[0])
  stream.accept()
  stream.send('hello', hello(41), at(41))
  stream.cut()
  stream.cut()
  expect(states.slice(-2)).toEqual([
    { name: 'reconnecting', untilMs: 0, attempt: 1, why: 'cut' },
    { name: 'reconnecting', untilMs: 0, attempt: 2, why: 'unreachable' },
  ])
  await world.pass(3000)
  expect(world.streams).toHaveLength(1)
  stream.accept()
  stream.send('hello', hello(41), at(41))
  stream.send('message', event(42), at(42))
  expect(reader.state).toEqual({ name: 'open' })
  expect(seqs).toEqual([42])
  expect(reader.audit.asks).toBe(3)
})

test('sse: one that has given up is revived from the last place', async () => {
  const { world, reader } = start('sse')
  const stream = found(world.streams[0])
  stream.accept()
  stream.send('hello', hello(41), at(41))
  stream.send('message', event(42), at(42))
  stream.refuse()
  expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 500, attempt: 1, why: 'refused' })
  await world.pass(500)
  expect(found(world.streams[1]).url.href).toBe(`http://lab.test:3001/sse?cursor=${at(42)}`)
})

// --------------------------------------------------------------------------------------------- patience

test.each(TECHNIQUES)('%s: the delays double, and start over only after 30 s of health', async technique => {
  const { world, reader } = start(technique)
  world.random = 1 - Number.EPSILON
  const { hello, cuts } = server(technique, world)
  const delaysMs: number[] = []
  const cut = async (): Promise<void> => {
    await cuts()
    const { state } = reader
    if (state.name !== 'reconnecting') throw new Error(state.name)
    delaysMs.push(Math.round(state.untilMs - world.nowMs))
    await world.pass(state.untilMs - world.nowMs)
  }
  await cut()
  await cut()
  // It connects, which is no proof of health yet.
  await hello(1)
  await cut()
  await hello(1)
  await stayHealthy(technique, world, 29_000)
  await cut()
  await hello(1)
  await stayHealthy(technique, world, 30_000)
  await cut()
  expect(delaysMs).toEqual([1000, 2000, 4000, 8000, 1000])
})

test('sse: two short lives of an EventSource that reconnected by itself are not one long one', async () => {
  const { world, reader } = start('sse')
  found(world.streams[0]).refuse()
  await world.pass(500)
  const stream = found(world.streams[1])
  for (let life = 0; life < 2; life += 1) {
    stream.accept()
    stream.send('hello', hello(41), at(41))
    await world.pass(20_000)
    if (life === 0) stream.cut()
    else stream.refuse()
  }
  expect(reader.state).toMatchObject({ name: 'reconnecting', attempt: 3 })
})

async function stayHealthy(technique: Technique, world: ScriptedWorld, ms: number): Promise<void> {
  if (technique !== 'poll') return world.pass(ms)

  // Its hello was followed by a rest of one second.
  for (const endMs = world.nowMs + ms - 1000; world.nowMs < endMs; await world.pass(1000)) {
    await found(world.requests.findLast(request => request.open)).answer(emptyBatch(1))
  }
}

test.each(TECHNIQUES)(
  '%s: a link without a word for 10 s is mute, and is tried again later',
  async technique => {
    const { world, reader } = start(technique, { from: at(7) })
    world.streams[0]?.accept()
    world.sockets[0]?.accept()
    await world.pass(9_999)
    expect(reader.state).toEqual({ name: 'connecting' })
    await world.pass(1)
    expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 10_500, attempt: 1, why: 'mute' })
    await world.pass(500)
    expect(reader.state).toEqual({ name: 'connecting', why: 'mute' })
    expect(asksOf(world)).toBe(2)
    expect(server(technique, world).asked().searchParams.get('cursor')).toBe(at(7))
  },
)

test.each(TECHNIQUES)(
  '%s: a mute link gets more time with each try, as a long way may need',
  async technique => {
    const { world, reader, states } = start(technique, { policy: { baseMs: 0, leastMs: 0 } })
    const mutedMs: number[] = []
    while (mutedMs.length < 5) {
      const { nowMs } = world
      const told = states.length
      while (!states.slice(told).some(({ name }) => name === 'reconnecting')) await world.pass(500)
      mutedMs.push(world.nowMs - nowMs)
      expect(reader.state).toMatchObject({ why: 'mute' })
    }
    expect(mutedMs).toEqual([10_000, 10_000, 20_000, 35_000, 35_000])
  },
)

test.each(STREAMS)('%s: a stream that falls silent for 35 s is opened again at once', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  await world.pass(34_999)
  expect(reader.state).toEqual({ name: 'open' })
  await world.pass(1)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
  expect(server(technique, world).asked().searchParams.get('cursor')).toBe(at(7))
})

test('poll: an answer that stays away for 10 s is silence', async () => {
  const { world, reader } = start('poll')
  await server('poll', world).hello(7)
  await world.pass(9_999)
  expect(world.requests).toHaveLength(2)
  await world.pass(1)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
})

test.each(STREAMS)('%s: a heartbeat is a sign of life', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  await world.pass(30_000)
  world.streams[0]?.send('heartbeat', { top: 7 })
  world.sockets[0]?.receive({ control: 'heartbeat', top: 7 })
  await world.pass(34_999)
  expect(reader.audit.asks).toBe(1)
  await world.pass(1)
  expect(reader.audit.asks).toBe(2)
})

test.each(STREAMS)('%s: who learns of a newer event and gets none for 5 s resumes', async technique => {
  const { world, reader } = start(technique)
  const { hello, asked } = server(technique, world)
  await hello(7)
  world.streams[0]?.send('heartbeat', { top: 9 })
  world.sockets[0]?.receive({ control: 'heartbeat', top: 9 })
  await world.pass(4999)
  expect(reader.audit.asks).toBe(1)
  await world.pass(1)
  expect(reader.audit.asks).toBe(2)
  expect(asked().searchParams.get('cursor')).toBe(at(7))
})

test.each(STREAMS)('%s: who learns of a newer event and gets it in time stays', async technique => {
  const { world, reader } = start(technique)
  const { hello, sends } = server(technique, world)
  await hello(7)
  world.streams[0]?.send('heartbeat', { top: 9 })
  world.sockets[0]?.receive({ control: 'heartbeat', top: 9 })
  await world.pass(4000)
  await sends(8, 9)
  await world.pass(30_000)
  expect(reader.audit.asks).toBe(1)
})

test.each([2, 25, 55])('long-poll: an ask held for %i s is given 10 s more', async waitSeconds => {
  const { world, reader } = start('long-poll', { from: at(7), waitSeconds })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(waitSeconds * 1000 + 9_999)
  expect(reader.audit.asks).toBe(2)
  await world.pass(1)
  expect(reader.audit.asks).toBe(3)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
})

test.each(STREAMS)('%s: on waking up it trusts no link whose last byte is 20 s old', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  await world.pass(20_000)
  reader.wake()
  expect(reader.audit.asks).toBe(1)
  await world.pass(1)
  reader.wake()
  expect(reader.audit.asks).toBe(2)
})

test('on waking up it does not sit out a long delay', async () => {
  const { world, reader } = start('poll', { from: at(7) })
  await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': '600' } })
  await world.pass(30_000)
  reader.wake()
  expect(world.requests).toHaveLength(2)
  expect(reader.state).toEqual({ name: 'connecting', why: 'refused' })
})

test.each(TECHNIQUES)(
  '%s: on waking up it comes back at once, however short ago it was cut',
  async technique => {
    const { world, reader } = start(technique)
    const { hello, cuts, asked } = server(technique, world)
    await hello(7)
    world.random = 1 - Number.EPSILON
    await cuts()
    reader.wake()
    expect(reader.state.name).toBe('connecting')
    expect(asked().searchParams.get('cursor')).toBe(at(7))
    const { asks } = reader.audit
    reader.wake()
    expect(reader.audit.asks).toBe(asks)
  },
)

test('on waking up an EventSource that waits to return by itself is not waited for', async () => {
  const { world, reader } = start('sse')
  await server('sse', world).hello(7)
  found(world.streams[0]).cut()
  reader.wake()
  expect(world.streams.map(({ readyState }) => readyState)).toEqual([2, 0])
})

test('on waking up a poll that rests for long asks at once', async () => {
  const { world, reader } = start('poll', { pollIntervalMs: 3_600_000 })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(20_000)
  reader.wake()
  expect(world.requests).toHaveLength(1)
  await world.pass(1)
  reader.wake()
  expect(world.requests).toHaveLength(2)
  expect(reader.state).toEqual({ name: 'connecting', why: 'stale' })
})

test('on waking up a long poll that was held for too long is asked anew', async () => {
  const { world, reader } = start('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(20_001)
  reader.wake()
  expect(world.requests.map(({ open }) => open)).toEqual([false, false, true])
})

// ------------------------------------------------------------------------------------ clocks and timers

const MONTH_MS = 31 * 86_400_000

test('poll: an interval beyond 31 bits is no storm', async () => {
  const { world } = start('poll', { pollIntervalMs: MONTH_MS })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(60_000)
  expect(world.requests).toHaveLength(1)
})

test.each(['4000000000', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'a Retry-After of %s is an hour, and no storm',
  async value => {
    const { world, reader } = start('poll', { from: at(7) })
    await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': value } })
    expect(reader.state).toMatchObject({ name: 'reconnecting', untilMs: 3_600_000 })
    await world.pass(60_000)
    expect(world.requests).toHaveLength(1)
  },
)

test.each(STREAMS)('%s: a device that slept trusts no link from before', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  await world.pass(2_000)
  world.wallAheadMs = 30_000
  await world.pass(4_000)
  expect(reader.state).toEqual({ name: 'connecting', why: 'stale' })
  expect(server(technique, world).asked().searchParams.get('cursor')).toBe(at(7))
})

test.each(TECHNIQUES)('%s: a device that slept does not sit out its delay', async technique => {
  const { world, reader } = start(technique, { policy: { baseMs: 600_000, capMs: 600_000 } })
  await server(technique, world).cuts()
  await world.pass(2_000)
  world.wallAheadMs = 3_600_000
  await world.pass(4_000)
  expect(reader.state.name).toBe('connecting')
})

test('timers that are held back, as in a hidden tab, do not cut a delay short', async () => {
  const { world } = start('poll', { from: at(7) })
  await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': '600' } })
  for (let minutes = 0; minutes < 9; minutes += 1) {
    world.freeze(57_000)
    await world.pass(3_000)
  }
  expect(world.requests).toHaveLength(1)
  await world.pass(60_000)
  expect(world.requests).toHaveLength(2)
})

test.each(STREAMS)('%s: a link that is heard right after a sleep stays', async technique => {
  const { world, reader } = start(technique)
  const { hello, sends } = server(technique, world)
  await hello(7)
  world.wallAheadMs = 30_000
  await world.pass(5_500)
  await sends(8, 8)
  await world.pass(20_000)
  expect(reader.audit.asks).toBe(1)
})

test.each(STREAMS)('%s: a nap shorter than any silence is no matter', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  world.wallAheadMs = 8_000
  await world.pass(11_000)
  expect(reader.audit.asks).toBe(1)
})

test.each(STREAMS)('%s: a wall clock that is set back is no matter', async technique => {
  const { world, reader } = start(technique)
  await server(technique, world).hello(7)
  for (const wallAheadMs of [-3_600_000, -7_200_000]) {
    world.wallAheadMs = wallAheadMs
    await world.pass(12_000)
    reader.wake()
    expect(reader.audit.asks).toBe(1)
    world.streams[0]?.send('heartbeat', { top: 7 })
    world.sockets[0]?.receive({ control: 'heartbeat', top: 7 })
  }
})

test.each(STREAMS)('%s: a process that stood still hears what waits before it judges', async technique => {
  const { world, reader } = start(technique)
  const { hello, sends } = server(technique, world)
  await hello(7)
  world.freeze(60_000)
  await world.pass(0)
  await sends(8, 8)
  await world.pass(10_000)
  expect(reader.audit).toMatchObject({ asks: 1, received: 1 })
})

test.each(STREAMS)(
  '%s: a process that stood still, with nothing waiting, comes back soon',
  async technique => {
    const { world, reader } = start(technique)
    await server(technique, world).hello(7)
    world.freeze(60_000)
    await world.pass(1_000)
    expect(reader.audit.asks).toBe(2)
  },
)

// ---------------------------------------------------------------------------------------- storms and mutes

/** Lets the delay pass for which a reader waits. */
async function passDelay(world: ScriptedWorld, { state }: Subscription): Promise<number> {
  if (state.name !== 'reconnecting') throw new Error(`It is ${state.name}.`)
  const delayMs = Math.round(state.untilMs - world.nowMs)
  await world.pass(delayMs + 1)
  return delayMs
}

test('sse: an EventSource whose every return fails is taken over, and the delays grow', async () => {
  const { world, reader } = start('sse')
  world.random = 1 - Number.EPSILON
  await server('sse', world).hello(7)
  for (let cut = 0; cut < 3; cut += 1) found(world.streams[0]).cut()
  expect(world.streams).toHaveLength(1)
  expect(found(world.streams[0]).readyState).toBe(0)
  found(world.streams[0]).cut()
  expect(found(world.streams[0]).readyState).toBe(2)
  const delaysMs: number[] = []
  for (let life = 0; life < 4; life += 1) {
    delaysMs.push(await passDelay(world, reader))
    found(world.streams.at(-1)).cut()
  }
  expect(delaysMs).toEqual([8_000, 16_000, 30_000, 30_000])
  expect(found(world.streams.at(-1)).url.searchParams.get('cursor')).toBe(at(7))
})

test('sse: a gateway that lets every EventSource in and ends it at once is no reason to hammer', async () => {
  const { world, reader } = start('sse')
  for (let tries = 0; tries < 4; tries += 1) {
    found(world.streams.at(-1)).accept()
    found(world.streams.at(-1)).cut()
  }
  expect(reader.state).toMatchObject({ name: 'reconnecting', untilMs: 4_000, attempt: 4 })
})

test('poll: one that is promised more and gets nothing rests', async () => {
  const { world } = start('poll', { from: at(7) })
  await found(world.requests[0]).answer({ ...emptyBatch(7), more: true })
  expect(world.requests).toHaveLength(1)
})

test.each([30, 0])(
  'long-poll: one that is to be held %i s and is not asks four times a second',
  async waitSeconds => {
    const { world } = start('long-poll', { from: at(7), waitSeconds })
    for (let answers = 0; answers < 5; answers += 1) {
      await found(world.requests.at(-1)).answer(emptyBatch(7))
      await world.pass(250)
    }
    expect(world.requests.map(({ startedMs }) => startedMs)).toEqual([0, 0, 250, 500, 750, 1000])
  },
)

test('long-poll: news is followed by the next ask at once', async () => {
  const { world } = start('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(batch(8, 8))
  await found(world.requests[1]).answer(batch(9, 9))
  expect(world.requests.map(({ startedMs }) => startedMs)).toEqual([0, 0, 0])
})

test('a platform without the technique is a technique that does not work here', async () => {
  const world = scriptWorld()
  class Missing {
    constructor() {
      throw new Error('not here')
    }
  }
  const environment = { ...world.environment, WebSocket: Missing as never }
  const { reader } = start('websocket', { environment, fallback: ['long-poll'], from: at(7) })
  expect(reader.state).toMatchObject({ name: 'reconnecting', why: 'unreachable' })
  await world.pass(30_000)
  expect(reader.technique).toBe('long-poll')
})

test.each([
  ['sse', ['sse', 'websocket', 'long-poll'], 'websocket'],
  ['websocket', ['sse', 'websocket', 'long-poll'], 'long-poll'],
  ['long-poll', ['sse', 'websocket', 'long-poll'], 'sse'],
  ['poll', ['sse', 'websocket', 'long-poll'], 'sse'],
] as const)(
  '%s: mute twice, it moves on in %j with its place and its audit',
  async (first, fallback, second) => {
    const seen: string[] = []
    const { world, reader, seqs, gaps } = start(first, {
      fallback,
      onState: ({ name }) => seen.push(`${reader.technique} ${name}`),
    })
    const before = server(first, world)
    await before.hello(41)
    await before.sends(42, 43)
    expect(reader.technique).toBe(first)
    while (reader.technique === first) await world.pass(1_000)
    await world.pass(5_000)
    expect(reader.technique).toBe(second)
    expect(seen).toContain(`${second} connecting`)

    const after = server(second, world)
    expect(after.asked().searchParams.get('cursor')).toBe(at(43))
    if (second === 'sse' || second === 'websocket') await after.hello(43)
    await after.sends(43, 45)
    expect(seqs).toEqual([42, 43, 44, 45])
    expect(gaps).toEqual([])
    expect(reader.audit).toMatchObject({ received: 4, repeated: 1, missing: 0, undeclaredGaps: 0 })
  },
)

test('without a fallback a mute technique is kept', async () => {
  const { world, reader } = start('sse')
  await world.pass(600_000)
  expect(reader.technique).toBe('sse')
  expect(world.streams.length).toBeGreaterThan(10)
})

test('what the lab itself refuses for now says nothing against the technique', async () => {
  const { world, reader } = start('poll', { from: at(7), fallback: ['sse'] })
  for (let refusals = 0; refusals < 10; refusals += 1) {
    await found(world.requests.at(-1)).answer({ error: 'Later.', code: 'closing' }, { status: 503 })
    await passDelay(world, reader)
  }
  expect(reader.technique).toBe('poll')
})

// ------------------------------------------------------------------------------------------ talking back

test.each(['poll', 'long-poll', 'sse'] as const)(
  '%s: says something by a request of its own',
  async technique => {
    const { world, reader } = start(technique)
    const said = reader.say({ text: 'hello' })
    const request = found(world.requests.find(({ url }) => url.pathname === '/say'))
    expect(request.init).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"hello"}',
    })
    await request.answer({ said: at(8) }, { status: 201 })
    expect(await said).toBe(at(8))
  },
)

test('a refused word is refused with the server’s sentence, and harms the reader not', async () => {
  const { world, reader } = start('sse')
  const said = reader.say('again')

  const refused = expect(said).rejects.toThrow('Wait a moment before you say more.')
  await found(world.requests[0]).answer(
    { error: 'Wait a moment before you say more.', code: 'say-too-often' },
    { status: 429 },
  )
  await refused

  expect(reader.state.name).toBe('connecting')
})

test('websocket: says it on its own connection, and answers come in the order of the questions', async () => {
  const { world, reader } = start('websocket')
  const socket = found(world.sockets[0])
  await expect(reader.say('too early')).rejects.toThrow('Not connected')
  socket.accept()
  const answers = Promise.all([reader.say('one'), reader.say('two')])
  expect(socket.sent).toEqual(['{"say":"one"}', '{"say":"two"}'])
  socket.receive({ said: at(8) })
  socket.receive({ said: at(9) })
  expect(await answers).toEqual([at(8), at(9)])
  expect(world.requests).toEqual([])
})

test('websocket: a word whose answer was lost with the connection is not silently kept waiting', async () => {
  const { world, reader } = start('websocket')
  found(world.sockets[0]).accept()
  const said = reader.say('hello')
  found(world.sockets[0]).end(1006)
  await expect(said).rejects.toThrow('it may have been heard, or not')
})

test('says who speaks, if the reader has a name', async () => {
  const { world, reader } = start('sse', { clientName: 'reader01' })
  const said = reader.say('hello')
  expect(found(world.requests[0]).url.href).toBe('http://lab.test:3001/say?client=reader01')
  await found(world.requests[0]).answer({ said: at(8) }, { status: 201 })
  await said
})

test.each([
  [404, '{"error":"Not Found","statusCode":404}', 'The server answered 404.'],
  [502, '<h1>Bad Gateway</h1>', 'The server answered 502.'],
  [200, '<html>Welcome</html>', 'The answer was not what the protocol promises'],
  [201, '{"said":"yes"}', 'The answer was not what the protocol promises'],
])('a gateway that answers a word with %i %s is not taken for the lab', async (status, body, sentence) => {
  const { world, reader } = start('sse')
  const said = reader.say('hello')
  const refused = expect(said).rejects.toThrow(sentence)
  await found(world.requests[0]).answer(body, { status })
  await refused
})

test('a word that nobody answers is given up after 10 s, and one that is cut at once', async () => {
  const { world, reader } = start('sse')
  const mute = expect(reader.say('hello')).rejects.toThrow('it may have been heard, or not')
  const cut = expect(reader.say('hello')).rejects.toThrow('it may have been heard, or not')
  await found(world.requests[1]).fail()
  await cut
  await world.pass(10_000)
  await mute
  expect(found(world.requests[0]).open).toBe(false)
})

test('a word that waits for its answer does not outlive the reader', async () => {
  const { world, reader } = start('sse')
  const said = reader.say('hello')
  reader.close()
  await expect(said).rejects.toThrow()
  expect(found(world.requests[0]).open).toBe(false)
})

test('who says more than 1 KiB is told so before it leaves', async () => {
  const { world, reader } = start('websocket')
  found(world.sockets[0]).accept()
  await expect(reader.say('ä'.repeat(512))).rejects.toThrow('1024 bytes')
  expect(found(world.sockets[0]).sent).toEqual([])
})

// ---------------------------------------------------------------------------------------- the first state

test('the first state is told after the caller has its subscription in hand', async () => {
  const onState = vi.fn()
  const { world } = start('poll', { onState })
  expect(onState).not.toHaveBeenCalled()
  await world.pass(0)
  expect(onState.mock.calls).toEqual([[{ name: 'connecting' }]])
})
