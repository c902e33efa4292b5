import { expect, test } from 'vitest'
import { SAY_ENDPOINT, TECHNIQUES, traitsOf } from '../../server/protocol/techniques.ts'
import { at, cursorAt, found } from './testing/scripted-server.ts'
import type { ScriptedWorld } from './testing/scripted-world.ts'
import { startReader } from './testing/start-reader.ts'

const ONE_WAY = TECHNIQUES.filter(technique => !traitsOf(technique).twoWay)

/** What was said by requests of their own. */
function saidTo(world: ScriptedWorld) {
  return world.requests.filter(({ url }) => url.pathname === SAY_ENDPOINT)
}

test.each(ONE_WAY)('%s: says something by a request of its own', async technique => {
  const { world, reader } = startReader(technique)
  const said = reader.say({ text: 'hello' })
  const request = found(saidTo(world)[0])
  expect(request.init).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"hello"}',
  })
  await request.answer({ said: at(8) }, { status: 201 })
  expect(await said).toEqual(cursorAt(8))
})

test.each(ONE_WAY)('%s: says who speaks, if the reader has a name', async technique => {
  const { world, reader } = startReader(technique, { clientName: 'reader01' })
  const said = reader.say('hello')
  const request = found(saidTo(world)[0])
  expect(request.url.href).toBe('http://lab.test:3001/say?client=reader01')
  await request.answer({ said: at(8) }, { status: 201 })
  await said
})

test.each(ONE_WAY)(
  '%s: what is refused is refused with the server’s sentence, and does the reader no harm',
  async technique => {
    const { world, reader } = startReader(technique)
    const refused = expect(reader.say('again')).rejects.toThrow('Wait a moment before you say more.')
    await found(saidTo(world)[0]).answer(
      { error: 'Wait a moment before you say more.', code: 'say-too-often' },
      { status: 429 },
    )
    await refused

    expect(reader.state.name).toBe('connecting')
  },
)

test.each([
  [404, '{"error":"Not Found","statusCode":404}', 'The server answered 404.'],
  [502, '<h1>Bad Gateway</h1>', 'The server answered 502.'],
  [200, '<html>Welcome</html>', 'The answer is not what the protocol promises'],
  [201, '{"said":"yes"}', 'The answer is not what the protocol promises'],
])('a gateway that answers with %i %s is not taken for the lab', async (status, body, sentence) => {
  for (const technique of ONE_WAY) {
    const { world, reader } = startReader(technique)
    const refused = expect(reader.say('hello')).rejects.toThrow(sentence)
    await found(saidTo(world)[0]).answer(body, { status })
    await refused
  }
})

test.each(ONE_WAY)(
  '%s: what gets no answer is given up after 10 s, and what is cut at once',
  async technique => {
    const { world, reader } = startReader(technique)
    const mute = expect(reader.say('hello')).rejects.toThrow('it may or may not have arrived')
    const cut = expect(reader.say('hello')).rejects.toThrow('it may or may not have arrived')
    await found(saidTo(world)[1]).fail()
    await cut
    await world.pass(10_000)
    await mute
    expect(found(saidTo(world)[0]).open).toBe(false)
  },
)

test.each(ONE_WAY)('%s: a wait for the answer does not outlive the reader', async technique => {
  const { world, reader } = startReader(technique)
  const said = reader.say('hello')
  reader.close()
  await expect(said).rejects.toThrow()
  expect(world.open).toBe(0)
})

test.each(TECHNIQUES)('%s: more than 1 KiB is refused before it is sent', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.accepts()
  await expect(reader.say('ä'.repeat(512))).rejects.toThrow('1024 bytes')
  expect(saidTo(world)).toEqual([])
  expect(world.sockets.flatMap(({ sent }) => sent)).toEqual([])
})
