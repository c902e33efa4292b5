import { expect, test } from 'vitest'
import { withLongTimers } from './long-timers.ts'
import { scriptWorld } from './testing/scripted-world.ts'

const DAY_MS = 86_400_000

test.each([0, 1, 2 ** 31 - 1, 2 ** 31, 31 * DAY_MS, 400 * DAY_MS])(
  'a timer of %i ms fires then, once, and not before',
  async ms => {
    const world = scriptWorld()
    const firedMs: number[] = []
    withLongTimers(world.environment).setTimeout(() => firedMs.push(world.nowMs), ms)
    await world.pass(ms + 100 * DAY_MS)
    expect(firedMs).toEqual([ms])
    expect(world.timers).toBe(0)
  },
)

test.each([0, 30])('a timer of 60 days that is cleared after %i days never fires', async days => {
  const world = scriptWorld()
  const { clearTimeout, setTimeout } = withLongTimers(world.environment)
  const timer = setTimeout(() => expect.unreachable(), 60 * DAY_MS)
  await world.pass(days * DAY_MS)
  clearTimeout(timer)
  expect(world.timers).toBe(0)
  await world.pass(100 * DAY_MS)
})
