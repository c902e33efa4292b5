import { expect, test } from 'vitest'
import { at, batch, emptyBatch, found } from '../testing/scripted-server.ts'
import { startReader } from '../testing/start-reader.ts'

const MONTH_MS = 31 * 86_400_000

test('starts lie one interval apart, however long an answer takes', async () => {
  const { world } = startReader('poll', { pollIntervalMs: 500 })
  for (const answerMs of [0, 120, 499]) {
    await world.pass(answerMs)
    await found(world.requests.at(-1)).answer(emptyBatch(1))
    await world.pass(500 - answerMs)
  }
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 500, 1000, 1500])
})

test('a request that takes longer than the interval delays the next, and never overlaps it', async () => {
  const { world, reader } = startReader('poll', { pollIntervalMs: 500 })
  await world.pass(1700)
  expect(world.requests).toHaveLength(1)
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(0)
  expect(world.requests.map(request => request.startedMs)).toEqual([0, 1700])
  expect(reader.audit.requests).toBe(2)
})

test('the next request follows at once when there is more', async () => {
  const { world, seqs, states } = startReader('poll', { from: at(0) })
  await found(world.requests[0]).answer(batch(1, 3, { more: true }))
  expect(world.requests.map(({ url }) => url.searchParams.get('cursor'))).toEqual([at(0), at(3)])

  await found(world.requests[1]).answer(batch(4, 5))
  expect(world.requests).toHaveLength(2)
  await world.pass(1000)
  await found(world.requests[2]).answer(batch(6, 6, { more: true }))
  await found(world.requests[3]).answer(batch(7, 7))
  expect(world.requests).toHaveLength(4)
  expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(states.map(({ name }) => name)).toEqual(['connecting', 'resting', 'requesting', 'resting'])
})

test('a batch that promises more and holds nothing is followed by a rest', async () => {
  const { world } = startReader('poll', { from: at(7) })
  await found(world.requests[0]).answer({ ...emptyBatch(7), more: true })
  expect(world.requests).toHaveLength(1)
})

test('another interval takes effect at once, counted from the last request', async () => {
  const { world, reader } = startReader('poll', { pollIntervalMs: 60_000 })
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

test('an interval beyond 31 bits is no flood of requests', async () => {
  const { world } = startReader('poll', { pollIntervalMs: MONTH_MS })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(60_000)
  expect(world.requests).toHaveLength(1)
})

test('a rest longer than any silence is no dead link', async () => {
  const { world, reader } = startReader('poll', { pollIntervalMs: 60_000 })
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(59_999)
  expect(reader.audit.requests).toBe(1)
  await world.pass(1)
  expect(reader.audit.requests).toBe(2)
})

test('an answer that stays away for 10 s is silence', async () => {
  const { world, reader, server } = startReader('poll')
  await server.hello(7)
  await world.pass(9_999)
  expect(world.requests).toHaveLength(2)
  await world.pass(1)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
})

test('on waking up a poll that rests for long sends its request at once', async () => {
  const { world, reader } = startReader('poll', { pollIntervalMs: 3_600_000 })
  await found(world.requests[0]).answer(emptyBatch(7))
  await world.pass(20_000)
  reader.wake()
  expect(world.requests).toHaveLength(1)
  await world.pass(1)
  reader.wake()
  expect(world.requests).toHaveLength(2)
  expect(reader.state).toEqual({ name: 'connecting', why: 'stale' })
})

test('says what it is doing', async () => {
  const { world, states } = startReader('poll')
  await world.pass(10)
  await found(world.requests[0]).answer(emptyBatch(1))
  await world.pass(1000)
  expect(states).toEqual([{ name: 'connecting' }, { name: 'resting', untilMs: 1000 }, { name: 'requesting' }])
})

test('lets the browser send its ETag, and sets no header of its own', () => {
  const { world } = startReader('poll')
  expect(found(world.requests[0]).init).toEqual({ cache: 'no-cache', signal: expect.anything() })
})
