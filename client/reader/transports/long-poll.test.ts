import { expect, test } from 'vitest'
import { at, batch, emptyBatch, found } from '../testing/scripted-server.ts'
import { startReader } from '../testing/start-reader.ts'

test('the next request follows an empty batch at once, and names its wait', async () => {
  const { world, states } = startReader('long-poll', { waitSeconds: 30 })
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

test('the next request follows news at once', async () => {
  const { world } = startReader('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(batch(8, 8))
  await found(world.requests[1]).answer(batch(9, 9))
  expect(world.requests.map(({ startedMs }) => startedMs)).toEqual([0, 0, 0])
})

test.each([30, 0])(
  'a request that is to be held %i s, and is not, is sent four times a second',
  async waitSeconds => {
    const { world } = startReader('long-poll', { from: at(7), waitSeconds })
    for (let answers = 0; answers < 5; answers += 1) {
      await found(world.requests.at(-1)).answer(emptyBatch(7))
      await world.pass(250)
    }
    expect(world.requests.map(({ startedMs }) => startedMs)).toEqual([0, 0, 250, 500, 750, 1000])
  },
)

test('an answer with nothing but repeats is no news', async () => {
  const { world } = startReader('long-poll', { from: at(7) })
  for (let answers = 0; answers < 3; answers += 1) {
    await found(world.requests.at(-1)).answer(batch(6, 7))
    await world.pass(250)
  }
  expect(world.requests.map(({ startedMs }) => startedMs)).toEqual([0, 0, 250, 500])
})

test('another wait gives up the request that is held, and sends a new one', async () => {
  const { world, reader } = startReader('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(emptyBatch(7))
  reader.configure({ waitSeconds: 2 })
  expect(world.requests.map(request => request.open)).toEqual([false, false, true])
  await found(world.requests[2]).answer(emptyBatch(7))
  expect(found(world.requests[3]).url.search).toBe(`?cursor=${at(7)}&wait=2`)
  reader.configure({ pollIntervalMs: 2 })
  expect(world.requests).toHaveLength(4)
})

test.each([2, 25, 55])('a request held for %i s is given 10 s more', async waitSeconds => {
  const { world, reader } = startReader('long-poll', { from: at(7), waitSeconds })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(waitSeconds * 1000 + 9_999)
  expect(reader.audit.requests).toBe(2)
  await world.pass(1)
  expect(reader.audit.requests).toBe(3)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
})

test('on waking up a request that was held for too long is sent again', async () => {
  const { world, reader } = startReader('long-poll', { from: at(7) })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(20_001)
  reader.wake()
  expect(world.requests.map(({ open }) => open)).toEqual([false, false, true])
})

test('bypasses the cache, and sets no header of its own', () => {
  const { world } = startReader('long-poll')
  expect(found(world.requests[0]).init).toEqual({ cache: 'no-store', signal: expect.anything() })
})
