import { expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { at, found } from './testing/scripted-server.ts'
import { FETCHED, STREAMS, startReader } from './testing/start-reader.ts'

test.each(TECHNIQUES)('%s: the delays double, and start over only after 30 s of health', async technique => {
  const { world, reader, server } = startReader(technique)
  world.random = 1 - Number.EPSILON
  const delaysMs: number[] = []
  const cut = async (): Promise<void> => {
    await server.cuts()
    const { state } = reader
    if (state.name !== 'reconnecting') throw new Error(state.name)
    delaysMs.push(Math.round(state.untilMs - world.nowMs))
    await world.pass(state.untilMs - world.nowMs)
  }
  await cut()
  await cut()
  // It connects, which is no proof of health yet.
  await server.hello(1)
  await cut()
  await server.hello(1)
  await server.idles(29_000)
  await cut()
  await server.hello(1)
  await server.idles(30_000)
  await cut()
  expect(delaysMs).toEqual([1000, 2000, 4000, 8000, 1000])
})

test.each(TECHNIQUES)(
  '%s: a link without a word for 10 s is mute, and is tried again later',
  async technique => {
    const { world, reader, server } = startReader(technique, { from: at(7) })
    await server.accepts()
    await world.pass(9_999)
    expect(reader.state).toEqual({ name: 'connecting' })
    await world.pass(1)
    expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 10_500, attempt: 1, why: 'mute' })
    await world.pass(500)
    expect(reader.state).toEqual({ name: 'connecting', why: 'mute' })
    expect(world.begun).toBe(2)
    expect(server.requested().searchParams.get('cursor')).toBe(at(7))
  },
)

test.each(TECHNIQUES)(
  '%s: a mute link gets more time with each try, as a slow network may need',
  async technique => {
    const { world, reader, states } = startReader(technique, { policy: { baseMs: 0, leastMs: 0 } })
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

test.each(STREAMS)('%s: comes back no sooner than the bye demands', async technique => {
  const { reader, server } = startReader(technique)
  await server.hello(7)
  await server.controls({ control: 'bye', ...{ reason: 'The server is closing.', retryMs: 2500 } })
  await server.cuts()
  expect(reader.state).toMatchObject({ name: 'reconnecting', untilMs: 2500, attempt: 1 })
})

test.each(
  STREAMS.flatMap(technique => [
    { technique, retryMs: -1e9, delayMs: 500 },
    { technique, retryMs: 1e12, delayMs: 3_600_000 },
  ]),
)(
  '$technique: a bye that demands $retryMs ms is taken for $delayMs',
  async ({ technique, retryMs, delayMs }) => {
    const { reader, server } = startReader(technique)
    await server.controls({ control: 'bye', ...{ reason: 'The server is closing.', retryMs } })
    await server.cuts()
    expect(reader.state).toMatchObject({ untilMs: delayMs })
  },
)

test.each(
  FETCHED.flatMap(technique =>
    ['4000000000', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'].map(value => ({ technique, value })),
  ),
)('$technique: a Retry-After of $value is an hour, and never no delay', async ({ technique, value }) => {
  const { world, reader } = startReader(technique, { from: at(7) })
  await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': value } })
  expect(reader.state).toMatchObject({ name: 'reconnecting', untilMs: 3_600_000 })
  await world.pass(60_000)
  expect(world.requests).toHaveLength(1)
})

test.each(FETCHED)(
  '%s: timers that are held back, as in a hidden tab, do not cut a delay short',
  async technique => {
    const { world } = startReader(technique, { from: at(7) })
    await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': '600' } })
    for (let minutes = 0; minutes < 9; minutes += 1) {
      world.freeze(57_000)
      await world.pass(3_000)
    }
    expect(world.requests).toHaveLength(1)
    await world.pass(60_000)
    expect(world.requests).toHaveLength(2)
  },
)

test.each(FETCHED)('%s: on waking up it does not sit out a long delay', async technique => {
  const { world, reader } = startReader(technique, { from: at(7) })
  await found(world.requests[0]).answer('', { status: 503, headers: { 'retry-after': '600' } })
  await world.pass(30_000)
  reader.wake()
  expect(world.requests).toHaveLength(2)
  expect(reader.state).toEqual({ name: 'connecting', why: 'refused' })
})

test.each(TECHNIQUES)(
  '%s: on waking up it connects at once, even if it was cut a moment ago',
  async technique => {
    const { world, reader, server } = startReader(technique)
    await server.hello(7)
    world.random = 1 - Number.EPSILON
    await server.cuts()
    reader.wake()
    expect(reader.state.name).toBe('connecting')
    expect(server.requested().searchParams.get('cursor')).toBe(at(7))
    const { requests } = reader.audit
    reader.wake()
    expect(reader.audit.requests).toBe(requests)
  },
)

test.each(TECHNIQUES)('%s: a device that slept does not sit out its delay', async technique => {
  const { world, reader, server } = startReader(technique, { policy: { baseMs: 600_000, capMs: 600_000 } })
  await server.cuts()
  await world.pass(2_000)
  world.wallAheadMs = 3_600_000
  await world.pass(4_000)
  expect(reader.state.name).toBe('connecting')
})
