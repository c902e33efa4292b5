import { expect, test } from 'vitest'
import type { Subscription } from '../subscribe.ts'
import { at, event, found, helloAt } from '../testing/scripted-server.ts'
import type { ScriptedWorld } from '../testing/scripted-world.ts'
import { startReader } from '../testing/start-reader.ts'

test('an EventSource that reconnects by itself is left to do so', async () => {
  const { world, reader, seqs, states } = startReader('sse')
  await world.pass(0)
  const source = found(world.eventSources[0])
  source.accept()
  source.send('hello', helloAt(41), at(41))
  source.cut()
  source.cut()
  expect(states.slice(-2)).toEqual([
    { name: 'reconnecting', untilMs: 0, attempt: 1, why: 'cut' },
    { name: 'reconnecting', untilMs: 0, attempt: 2, why: 'unreachable' },
  ])
  await world.pass(3000)
  expect(world.eventSources).toHaveLength(1)
  source.accept()
  source.send('hello', helloAt(41), at(41))
  source.send('message', event(42), at(42))
  expect(reader.state).toEqual({ name: 'open' })
  expect(seqs).toEqual([42])
  expect(reader.audit.requests).toBe(3)
})

test('one that has given up is replaced, from the last place', async () => {
  const { world, reader } = startReader('sse')
  const source = found(world.eventSources[0])
  source.accept()
  source.send('hello', helloAt(41), at(41))
  source.send('message', event(42), at(42))
  source.refuse()
  expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 500, attempt: 1, why: 'refused' })
  await world.pass(500)
  expect(found(world.eventSources[1]).url.href).toBe(`http://lab.test:3001/sse?cursor=${at(42)}`)
})

test('two short links of an EventSource that reconnected by itself are not one long link', async () => {
  const { world, reader } = startReader('sse')
  found(world.eventSources[0]).refuse()
  await world.pass(500)
  const source = found(world.eventSources[1])
  for (const ends of ['cut', 'refuse'] as const) {
    source.accept()
    source.send('hello', helloAt(41), at(41))
    await world.pass(20_000)
    source[ends]()
  }
  expect(reader.state).toMatchObject({ name: 'reconnecting', attempt: 3 })
})

test('on waking up an EventSource that waits to reconnect by itself is not waited for', async () => {
  const { world, reader, server } = startReader('sse')
  await server.hello(7)
  found(world.eventSources[0]).cut()
  reader.wake()
  expect(world.eventSources.map(({ readyState }) => readyState)).toEqual([2, 0])
})

test('an EventSource that fails to reconnect again and again is replaced, and the delays grow', async () => {
  const { world, reader, server } = startReader('sse')
  world.random = 1 - Number.EPSILON
  await server.hello(7)
  for (let cut = 0; cut < 3; cut += 1) found(world.eventSources[0]).cut()
  expect(world.eventSources).toHaveLength(1)
  expect(found(world.eventSources[0]).readyState).toBe(0)
  found(world.eventSources[0]).cut()
  expect(found(world.eventSources[0]).readyState).toBe(2)
  const delaysMs: number[] = []
  for (let link = 0; link < 4; link += 1) {
    delaysMs.push(await passDelay(world, reader))
    found(world.eventSources.at(-1)).cut()
  }
  expect(delaysMs).toEqual([8_000, 16_000, 30_000, 30_000])
  expect(found(world.eventSources.at(-1)).url.searchParams.get('cursor')).toBe(at(7))
})

test('a gateway that accepts every EventSource and ends it at once causes no flood of connections', async () => {
  const { world, reader } = startReader('sse')
  for (let tries = 0; tries < 4; tries += 1) {
    found(world.eventSources.at(-1)).accept()
    found(world.eventSources.at(-1)).cut()
  }
  expect(reader.state).toMatchObject({ name: 'reconnecting', untilMs: 4_000, attempt: 4 })
})

/** Lets the delay pass for which a reader waits. */
async function passDelay(world: ScriptedWorld, { state }: Subscription): Promise<number> {
  if (state.name !== 'reconnecting') throw new Error(`It is ${state.name}.`)
  const delayMs = Math.round(state.untilMs - world.nowMs)
  await world.pass(delayMs + 1)
  return delayMs
}
