import { expect, test } from 'vitest'
import { at } from './testing/scripted-server.ts'
import { STREAMS, startReader } from './testing/start-reader.ts'

test.each(STREAMS)('%s: a stream that is silent for 35 s is opened again at once', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  await world.pass(34_999)
  expect(reader.state).toEqual({ name: 'open' })
  await world.pass(1)
  expect(reader.state).toEqual({ name: 'connecting', why: 'silent' })
  expect(server.requested().searchParams.get('cursor')).toBe(at(7))
})

test.each(STREAMS)('%s: a heartbeat is a sign of life', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  await world.pass(30_000)
  await server.controls(heartbeat(7))
  await world.pass(34_999)
  expect(reader.audit.requests).toBe(1)
  await world.pass(1)
  expect(reader.audit.requests).toBe(2)
})

test.each(STREAMS)(
  '%s: a reader that learns of a newer event and gets none for 5 s resumes',
  async technique => {
    const { world, reader, server } = startReader(technique)
    await server.hello(7)
    await server.controls(heartbeat(9))
    await world.pass(4999)
    expect(reader.audit.requests).toBe(1)
    await world.pass(1)
    expect(reader.audit.requests).toBe(2)
    expect(server.requested().searchParams.get('cursor')).toBe(at(7))
  },
)

test.each(STREAMS)('%s: a reader that learns of a newer event and gets it in time stays', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  await server.controls(heartbeat(9))
  await world.pass(4000)
  await server.sends(8, 9)
  await world.pass(30_000)
  expect(reader.audit.requests).toBe(1)
})

// ---------------------------------------------------------------------------------- sleep and still-stand

test.each(STREAMS)('%s: on waking up it trusts no link whose last byte is 20 s old', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  await world.pass(20_000)
  reader.wake()
  expect(reader.audit.requests).toBe(1)
  await world.pass(1)
  reader.wake()
  expect(reader.audit.requests).toBe(2)
})

test.each(STREAMS)('%s: a device that slept trusts no link from before', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  await world.pass(2_000)
  world.wallAheadMs = 30_000
  await world.pass(4_000)
  expect(reader.state).toEqual({ name: 'connecting', why: 'stale' })
  expect(server.requested().searchParams.get('cursor')).toBe(at(7))
})

test.each(STREAMS)('%s: a link on which something arrives right after a sleep stays', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  world.wallAheadMs = 30_000
  await world.pass(5_500)
  await server.sends(8, 8)
  await world.pass(20_000)
  expect(reader.audit.requests).toBe(1)
})

test.each(STREAMS)('%s: a sleep shorter than any silence changes nothing', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  world.wallAheadMs = 8_000
  await world.pass(11_000)
  expect(reader.audit.requests).toBe(1)
})

test.each(STREAMS)('%s: a wall clock that is set back changes nothing', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  for (const wallAheadMs of [-3_600_000, -7_200_000]) {
    world.wallAheadMs = wallAheadMs
    await world.pass(12_000)
    reader.wake()
    expect(reader.audit.requests).toBe(1)
    await server.controls(heartbeat(7))
  }
})

test.each(STREAMS)('%s: a process that stood still reads what waits before it judges', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.hello(7)
  world.freeze(60_000)
  await world.pass(0)
  await server.sends(8, 8)
  await world.pass(10_000)
  expect(reader.audit).toMatchObject({ requests: 1, received: 1 })
})

test.each(STREAMS)(
  '%s: a process that stood still, and finds nothing waiting, soon connects again',
  async technique => {
    const { world, reader, server } = startReader(technique)
    await server.hello(7)
    world.freeze(60_000)
    await world.pass(1_000)
    expect(reader.audit.requests).toBe(2)
  },
)

function heartbeat(top: number) {
  return { control: 'heartbeat', top }
}
