import { expect, test } from 'vitest'
import { at, cursorAt, found } from '../testing/scripted-server.ts'
import { startReader } from '../testing/start-reader.ts'

test('4400 is final, in the server’s words', async () => {
  const { world, reader } = startReader('websocket')
  found(world.sockets[0]).end(4400, 'Send only {"say": …}.')
  expect(reader.state).toEqual({ name: 'closed', reason: 'Send only {"say": …}.' })
  await world.pass(100_000)
  expect(world.sockets).toHaveLength(1)
})

test.each([1006, 1012, 1013, 4408, 1000])('after %i it connects again with its place', async code => {
  const { world } = startReader('websocket', { from: at(7) })
  found(world.sockets[0]).end(code)
  await world.pass(1000)
  expect(found(world.sockets[1]).url.href).toBe(`ws://lab.test:3001/ws?cursor=${at(7)}`)
})

test('a restart that a bye announced is a cut', async () => {
  const { world, reader, server } = startReader('websocket')
  await server.hello(7)
  await server.controls({ control: 'bye', ...{ reason: 'The server is closing.', retryMs: 2500 } })
  found(world.sockets[0]).end(1012)
  expect(reader.state).toEqual({ name: 'reconnecting', untilMs: 2500, attempt: 1, why: 'cut' })
})

test('says it on its own connection, and is answered in the order in which it spoke', async () => {
  const { world, reader } = startReader('websocket')
  const socket = found(world.sockets[0])
  await expect(reader.say('too early')).rejects.toThrow('Not connected')
  socket.accept()
  const answers = Promise.all([reader.say('one'), reader.say('two')])
  expect(socket.sent).toEqual(['{"say":"one"}', '{"say":"two"}'])
  socket.receive({ said: at(8) })
  socket.receive({ said: at(9) })
  expect(await answers).toEqual([cursorAt(8), cursorAt(9)])
  expect(world.requests).toEqual([])
})

test('what was said is rejected if the connection ends before the answer', async () => {
  const { world, reader } = startReader('websocket')
  found(world.sockets[0]).accept()
  const said = reader.say('hello')
  found(world.sockets[0]).end(1006)
  await expect(said).rejects.toThrow('it may or may not have arrived')
})
