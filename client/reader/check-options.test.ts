import { expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { type SubscribeOptions, subscribe } from './subscribe.ts'
import { scriptWorld } from './testing/scripted-world.ts'

function subscribeWith(options: Partial<Record<keyof SubscribeOptions, unknown>>) {
  const world = scriptWorld()
  const { environment } = world
  const whole = { technique: TECHNIQUES[0], origin: 'http://lab.test:3001', environment, ...options }
  return { world, run: () => subscribe(whole as SubscribeOptions) }
}

test.each([
  ['pollIntervalMs', Number.NaN],
  ['pollIntervalMs', Number.POSITIVE_INFINITY],
  ['pollIntervalMs', -1],
  ['pollIntervalMs', 0],
  ['pollIntervalMs', '1000'],
  ['waitSeconds', Number.NaN],
  ['waitSeconds', -1],
  ['waitSeconds', 56],
  ['waitSeconds', 2.5],
  ['waitSeconds', 1e12],
  ['clientName', 'Reader 1'],
  ['clientName', ''],
  ['technique', 'carrier-pigeon'],
  ['technique', '__proto__'],
  ['fallback', [TECHNIQUES[0], 'carrier-pigeon']],
  ['policy', { helloMs: Number.NaN }],
  ['policy', { capMs: Number.POSITIVE_INFINITY }],
  ['policy', { leastMs: -1 }],
])('%s: %s is refused with a sentence, and no connection is begun', (name, value) => {
  const { world, run } = subscribeWith({ [name]: value })
  expect(run).toThrow(RangeError)
  expect(run).toThrow(new RegExp(`^Give .*${name}.*\\.$`))
  expect(world.begun).toBe(0)
  expect(world.timers).toBe(0)
})

test('a change of pace is checked as well, and changes nothing if it is refused', async () => {
  const { world, run } = subscribeWith({})
  const reader = run()
  await world.requests[0]?.answer({ cursor: 'k3f9x2ab7q-1', events: [] })
  const { state } = reader
  expect(() => reader.configure({ pollIntervalMs: Number.NaN, waitSeconds: 5 })).toThrow(RangeError)
  expect(() => reader.configure({ waitSeconds: -5 })).toThrow(RangeError)
  expect(reader.state).toBe(state)
  reader.close()
})
