import { expect, test, vi } from 'vitest'
import { isStream, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { formatCursor } from '../../server/protocol/wire.ts'
import {
  at,
  batch,
  cursorAt,
  EPOCH,
  emptyBatch,
  found,
  LATER_EPOCH,
  scriptServer,
} from './testing/scripted-server.ts'
import { scriptWorld } from './testing/scripted-world.ts'
import { ANSWERS, FETCHED, STREAMS, startReader } from './testing/start-reader.ts'

test.each(TECHNIQUES)('%s: begins with now, gives its name, and learns its place', async technique => {
  const { reader, server } = startReader(technique, { clientName: 'reader01' })
  expect(server.requested().searchParams.get('cursor')).toBe('now')
  expect(server.requested().searchParams.get('client')).toBe('reader01')
  expect(reader.place).toBeNull()
  await server.hello(41)
  expect(reader.place).toEqual(cursorAt(41))
})

test.each(TECHNIQUES)(
  '%s: hands on every event once, in order, with the cursor after it',
  async technique => {
    const deliveries: [number, unknown, number][] = []
    const { world, reader, server } = startReader(technique, {
      onEvent: ({ event, cursor, receivedAt }) => deliveries.push([event.seq, cursor, receivedAt]),
    })
    await server.hello(41)
    const receivedAt = world.environment.now()
    await server.sends(42, 43)
    expect(deliveries).toEqual([
      [42, cursorAt(42), receivedAt],
      [43, cursorAt(43), receivedAt],
    ])
    expect(reader.audit).toMatchObject({ received: 2, repeated: 0, missing: 0, undeclaredGaps: 0, gaps: 0 })
  },
)

test.each(TECHNIQUES)('%s: drops what it has, and counts it', async technique => {
  const { reader, server, seqs } = startReader(technique)
  await server.hello(41)
  await server.sends(42, 43)
  await server.sends(41, 44)
  expect(seqs).toEqual([42, 43, 44])
  expect(reader.audit).toMatchObject({ received: 3, repeated: 3, undeclaredGaps: 0 })
})

test.each(TECHNIQUES)(
  '%s: on a jump it takes nothing more, and resumes from its last place',
  async technique => {
    const { world, reader, server, seqs, states } = startReader(technique)
    await server.hello(41)
    await server.sends(42, 42)
    await server.sends(44, 46).catch(() => {})
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
    expect(server.requested().searchParams.get('cursor')).toBe(at(42))
    await server.hello(42)
    await server.sends(43, 46)
    expect(seqs).toEqual([42, 43, 44, 45, 46])
  },
)

test.each(TECHNIQUES)('%s: comes back after a cut with its place, and misses nothing', async technique => {
  const { world, reader, server, seqs } = startReader(technique)
  await server.hello(41)
  await server.sends(42, 43)
  await server.cuts()
  await world.pass(1000)
  expect(server.requested().searchParams.get('cursor')).toBe(at(43))

  if (isStream(technique)) await server.hello(43)
  await server.sends(44, 45)

  expect(seqs).toEqual([42, 43, 44, 45])
  expect(reader.audit.undeclaredGaps).toBe(0)
})

test.each([at(41), cursorAt(41)])('goes on from a cursor of a former subscription: %j', async from => {
  for (const technique of TECHNIQUES) {
    const { reader, server, seqs } = startReader(technique, { from })
    expect(reader.place).toEqual(cursorAt(41))
    expect(server.requested().searchParams.get('cursor')).toBe(at(41))
    if (isStream(technique)) await server.hello(41)
    await server.sends(43, 43)
    expect(seqs).toEqual([])
    expect(reader.audit.undeclaredGaps).toBe(1)
  }
})

test.each(TECHNIQUES)('%s: after closing nothing is left, and nothing is heard', async technique => {
  const { world, reader, server, seqs, states } = startReader(technique)
  await server.hello(41)
  await server.sends(42, 42)
  reader.close()
  reader.close()
  expect(world.timers).toBe(0)
  expect(world.open).toBe(0)
  expect(states.filter(({ name }) => name === 'closed')).toEqual([{ name: 'closed', reason: null }])

  const { begun } = world
  await server.sends(43, 43).catch(() => {})
  await server.cuts().catch(() => {})
  reader.wake()
  reader.configure({ pollIntervalMs: 1, waitSeconds: 1 })
  await world.pass(100_000)
  expect(seqs).toEqual([42])
  expect(world.begun).toBe(begun)
  await expect(reader.say('hello?')).rejects.toThrow('closed')
})

test.each(TECHNIQUES)('%s: closing while it waits to connect again stops that too', async technique => {
  const { world, reader, server } = startReader(technique)
  await server.cuts()
  expect(reader.state.name).toBe('reconnecting')
  reader.close()
  expect(world.timers).toBe(0)
})

test.each(TECHNIQUES)('%s: the application may close while it is handed events', async technique => {
  const { world, reader, server, seqs } = startReader(technique, {
    onEvent: delivery => {
      seqs.push(delivery.event.seq)
      if (delivery.event.seq === 43) reader.close()
    },
  })
  await server.hello(41)
  await server.sends(42, 45).catch(() => {})
  expect(seqs).toEqual([42, 43])
  expect(reader.place).toEqual(cursorAt(43))
  expect(world.timers).toBe(0)
  expect(world.open).toBe(0)
})

test.each(TECHNIQUES)(
  '%s: an error of the application costs no event, and is not swallowed',
  async technique => {
    const seen: number[] = []
    const { world, server } = startReader(technique, {
      onEvent: ({ event: { seq } }) => {
        seen.push(seq)
        if (seq === 42) throw new Error('a mistake of the page')
      },
    })
    await server.hello(41)
    await server.brings(42, 43)
    expect(seen).toEqual([42, 43])
    await expect(world.pass(0)).rejects.toThrow('a mistake of the page')
  },
)

test('the first state is told after the caller has its subscription in hand', async () => {
  for (const technique of TECHNIQUES) {
    const onState = vi.fn()
    const { world } = startReader(technique, { onState })
    expect(onState).not.toHaveBeenCalled()
    await world.pass(0)
    expect(onState.mock.calls).toEqual([[{ name: 'connecting' }]])
  }
})

// ------------------------------------------------------------------------------------------------- gaps

test.each(ANSWERS)('%s: a gap comes before its events and moves the place', async technique => {
  const order: (string | number)[] = []
  const { world, reader } = startReader(technique, {
    from: at(10),
    onGap: (gap, cursor) => order.push(`${gap.reason} → ${formatCursor(cursor)}`),
    onEvent: delivery => order.push(delivery.event.seq),
  })
  const gap = { reason: 'trimmed', from: 11, to: 98, lost: 88 }
  await found(world.requests[0]).answer(batch(99, 100, { gap }))
  expect(order).toEqual([`trimmed → ${at(98)}`, 99, 100])
  expect(reader.audit).toMatchObject({ gaps: 1, missing: 88, undeclaredGaps: 0 })
})

test.each(ANSWERS)('%s: a gap without events moves the place too', async technique => {
  const { world, reader, gaps } = startReader(technique, { from: at(90) })
  await found(world.requests[0]).answer({ ...emptyBatch(12), gap: { reason: 'ahead', lost: null } })
  expect(gaps).toEqual([['ahead', at(12)]])
  expect(reader.place).toEqual(cursorAt(12))
})

test.each(ANSWERS)('%s: a batch that ends beyond its events hides some', async technique => {
  const { world, reader } = startReader(technique, { from: at(10) })
  await found(world.requests[0]).answer({ ...batch(11, 12), cursor: at(15) })
  expect(reader.audit).toMatchObject({ received: 2, undeclaredGaps: 1 })
  expect(reader.place).toEqual(cursorAt(12))
})

test.each(ANSWERS)('%s: a bare 304 means nothing new', async technique => {
  const { world, reader } = startReader(technique, { from: at(7) })
  await found(world.requests[0]).answer(null, { status: 304 })
  await world.pass(1000)
  expect(reader.place).toEqual(cursorAt(7))
  expect(found(world.requests[1]).url.searchParams.get('cursor')).toBe(at(7))
})

test.each(STREAMS)('%s: a gap moves the place, and the next event follows it', async technique => {
  const { reader, server, seqs, gaps } = startReader(technique, { from: at(10) })
  await server.hello(10)
  await server.controls({
    control: 'gap',
    cursor: at(98),
    ...{ reason: 'trimmed', from: 11, to: 98, lost: 88 },
  })
  expect(reader.place).toEqual(cursorAt(98))
  await server.sends(99, 99)
  expect(seqs).toEqual([99])
  expect(gaps).toEqual([['trimmed', at(98)]])
  expect(reader.audit).toMatchObject({ gaps: 1, missing: 88, undeclaredGaps: 0 })
})

test.each(STREAMS)('%s: after a gap into another epoch the events belong to it', async technique => {
  const { reader, server, seqs, gaps } = startReader(technique, { from: at(10) })
  const gapTo = (cursor: string) => ({ control: 'gap', cursor, reason: 'epoch', lost: null })
  await server.hello(10, LATER_EPOCH)
  await server.controls(gapTo(at(0, LATER_EPOCH)))
  await server.sends(1, 1, LATER_EPOCH)
  await server.controls(gapTo(at(6, EPOCH)))
  await server.sends(7, 7, EPOCH)
  expect(seqs).toEqual([1, 7])
  expect(gaps).toEqual([
    ['epoch', at(0, LATER_EPOCH)],
    ['epoch', at(6)],
  ])
  expect(reader.place).toEqual(cursorAt(7))
  expect(reader.audit).toMatchObject({ gaps: 2, missing: 0, undeclaredGaps: 0 })
})

test.each(STREAMS)(
  '%s: another epoch without a gap is a jump, even if its number is the next',
  async technique => {
    const { reader, server, seqs } = startReader(technique, { from: at(10) })
    await server.hello(10, LATER_EPOCH)
    await server.sends(11, 11, LATER_EPOCH)
    expect(seqs).toEqual([])
    expect(reader.audit.undeclaredGaps).toBe(1)
  },
)

test.each(STREAMS)('%s: an event before the hello is not believed, and the link is lost', async technique => {
  const { reader, server, seqs } = startReader(technique)
  await server.accepts()
  await server.sends(11, 11)
  expect(seqs).toEqual([])
  expect(reader.state.name).toBe('reconnecting')
  expect(reader.audit.undeclaredGaps).toBe(0)
})

test.each(STREAMS)('%s: control messages of a later protocol are passed over', async technique => {
  const { reader, server, seqs } = startReader(technique)
  await server.hello(10)
  await server.controls({ control: 'weather' })
  await server.sends(11, 11)
  expect(seqs).toEqual([11])
  expect(reader.state.name).toBe('open')
})

// ---------------------------------------------------------------------------------------------- refusals

test.each(FETCHED)('%s: a final refusal ends it with the server’s sentence', async technique => {
  const { world, reader, states } = startReader(technique, { from: 'nonsense' })
  const refusal = { error: 'Give a cursor as you received it.', code: 'bad-cursor' }
  await found(world.requests[0]).answer(refusal, { status: 400 })
  expect(states.at(-1)).toEqual({ name: 'closed', reason: 'Give a cursor as you received it.' })
  expect(reader.state).toBe(states.at(-1))
  await world.pass(100_000)
  expect(world.requests).toHaveLength(1)
  expect(world.timers).toBe(0)
})

test.each(FETCHED.flatMap(technique => [429, 503].map(status => ({ technique, status }))))(
  '$technique: after a $status the request is sent again when Retry-After says, not before',
  async ({ technique, status }) => {
    const { world, reader } = startReader(technique, { from: at(7) })
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
  },
)

test.each(FETCHED)('%s: after another kind of answer the request is sent again', async technique => {
  const { world, reader, server } = startReader(technique, { from: at(7) })
  await found(world.requests[0]).answer('<html>Welcome to our WLAN</html>', {
    headers: { 'content-type': 'text/html' },
  })
  expect(reader.state.name).toBe('reconnecting')
  await world.pass(1000)
  if (isStream(technique)) await server.hello(7)
  await server.brings(8, 8)
  expect(reader.place).toEqual(cursorAt(8))
})

// ------------------------------------------------------------------------------------------- the fallback

test.each(TECHNIQUES)('%s: mute twice, it moves on with its place and its audit', async first => {
  // A reader may begin outside of its list; it then moves on to the first of it.
  const fallback: readonly Technique[] = TECHNIQUES.slice(1)
  const second = fallback[(fallback.indexOf(first) + 1) % fallback.length]
  const seen: string[] = []
  const { world, reader, server, seqs, gaps } = startReader(first, {
    fallback,
    onState: ({ name }) => seen.push(`${reader.technique} ${name}`),
  })
  await server.hello(41)
  await server.sends(42, 43)
  expect(reader.technique).toBe(first)
  while (reader.technique === first) await world.pass(1_000)
  await world.pass(5_000)
  expect(reader.technique).toBe(second)
  expect(seen).toContain(`${second} connecting`)

  const after = scriptServer(reader.technique, world)
  expect(after.requested().searchParams.get('cursor')).toBe(at(43))
  if (isStream(reader.technique)) await after.hello(43)
  await after.sends(43, 45)
  expect(seqs).toEqual([42, 43, 44, 45])
  expect(gaps).toEqual([])
  expect(reader.audit).toMatchObject({ received: 4, repeated: 1, missing: 0, undeclaredGaps: 0 })
})

test.each(TECHNIQUES)('%s: without a fallback a mute technique is kept', async technique => {
  const { world, reader } = startReader(technique)
  await world.pass(600_000)
  expect(reader.technique).toBe(technique)
  expect(world.begun).toBeGreaterThan(10)
})

test.each(FETCHED)(
  '%s: what the lab itself refuses for now says nothing against the technique',
  async technique => {
    const fallback = TECHNIQUES.filter(other => other !== technique)
    const { world, reader } = startReader(technique, { from: at(7), fallback })
    for (let refusals = 0; refusals < 10; refusals += 1) {
      await found(world.requests.at(-1)).answer({ error: 'Later.', code: 'closing' }, { status: 503 })
      if (reader.state.name === 'reconnecting') await world.pass(reader.state.untilMs - world.nowMs)
    }
    expect(world.requests.length).toBeGreaterThan(10)
    expect(reader.technique).toBe(technique)
  },
)

test.each(STREAMS.filter(technique => !FETCHED.includes(technique)))(
  '%s: on a platform that does not have it, it does not work, and the reader moves on',
  async technique => {
    class Missing {
      constructor() {
        throw new Error('not here')
      }
    }
    const world = scriptWorld()
    const environment = { ...world.environment, EventSource: Missing as never, WebSocket: Missing as never }
    const fallback = ANSWERS.slice(0, 1)
    const { reader } = startReader(technique, { environment, fallback, from: at(7) })
    expect(reader.state).toMatchObject({ name: 'reconnecting', why: 'unreachable' })
    await world.pass(30_000)
    expect(reader.technique).toBe(fallback[0])
  },
)
