import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { checkEvery } from './check-every.ts'
import { type Clock, keepTime, systemClock } from './clock.ts'
import { createEventLog } from './log/event-log.ts'
import { CLOSE } from './protocol/wire.ts'
import { pace } from './sources/pacer.ts'
import { type StartedLab, startLab } from './testing/start-lab.ts'

const HOUR_MS = 3_600_000
const ending: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

describe('the clock', () => {
  it('does not follow small corrections of the wall clock', () => {
    const world = createWorld()
    const before = world.clock.epochMs()
    world.wallMovesMs = 900
    expect(world.clock.setToWallClock?.()).toBe(0)
    expect(world.clock.epochMs() - before).toBeLessThan(500)
  })

  it.each([
    ['the wall clock is set forward by an hour', HOUR_MS, 0],
    ['the wall clock is set back by an hour', -HOUR_MS, 0],
    ['the machine slept an hour', 0, -HOUR_MS],
    ['the wall clock is set forward by 2 s', 2000, 0],
  ])('is set anew when %s, and only once', (_what, wallMovesMs, monotonicMovesMs) => {
    const world = createWorld()
    world.clock.reading()
    world.wallMovesMs = wallMovesMs
    world.monotonicMovesMs = monotonicMovesMs
    const movedMs = world.clock.setToWallClock?.() ?? 0
    expect(Math.abs(movedMs - (wallMovesMs - monotonicMovesMs))).toBeLessThan(50)
    expect(world.clock.setToWallClock?.()).toBe(0)
    expect(Math.abs(world.clock.epochMs() - world.wallMs())).toBeLessThan(50)
  })

  it('reads one instant on both clocks, and agrees with the times of events before and after', () => {
    const world = createWorld()
    for (const wallMovesMs of [0, HOUR_MS, -HOUR_MS]) {
      world.wallMovesMs = wallMovesMs
      world.clock.setToWallClock?.()
      const { at, monotonicNs } = world.clock.reading()
      const [nowAt, nowMs] = [world.clock.epochMs(), world.clock.monotonicMs()]
      expect(Math.abs(nowAt - at - (nowMs - Number(BigInt(monotonicNs)) / 1e6))).toBeLessThan(5)
    }
  })

  it('reports by how much it was moved, and nothing while the two agree', async () => {
    const world = createWorld()
    const moves: number[] = []
    ending.push(keepTime(world.clock, byMs => moves.push(Math.round(byMs / 1000)), 5))
    await looks(world.clock, 3)
    expect(moves).toEqual([])
    world.wallMovesMs = -HOUR_MS
    await expect.poll(() => moves).toEqual([-3600])
    world.wallMovesMs = 0
    await expect.poll(() => moves).toEqual([-3600, 3600])
  })
})

describe('the pacer', () => {
  it.each([HOUR_MS, -HOUR_MS])(
    'keeps its rate when the clock is set by %i ms, and gives the new time',
    async byMs => {
      const world = createWorld()
      const published: { at: number; nowMs: number }[] = []
      ending.push(
        pace(
          world.clock,
          () => 4,
          at => published.push({ at, nowMs: world.clock.monotonicMs() }),
        ),
      )
      await expect.poll(() => published.length).toBeGreaterThan(5)
      const atBefore = published.at(-1)?.at ?? 0
      world.wallMovesMs = byMs
      world.clock.setToWallClock?.()
      const count = published.length
      const sinceMs = published.at(-1)?.nowMs ?? 0
      await expect.poll(() => published.length).toBeGreaterThan(count + 10)
      const later = published.slice(count)
      // As many as there was time for: no flood of events that seem due, and no pause.
      const tookMs = (later.at(-1)?.nowMs ?? 0) - sinceMs
      expect(Math.abs(later.length - tookMs / 4)).toBeLessThan(2)
      for (const [index, { at }] of later.entries()) {
        expect(Math.abs(at - (atBefore + byMs + (index + 1) * 4))).toBeLessThan(50)
      }
    },
  )
})

describe('the log', () => {
  it('keeps the same events when the clock is set by an hour', async () => {
    const world = createWorld()
    const log = createEventLog({ keepEvents: 100, keepSeconds: 60, keepBytes: 1e6 }, world.clock)
    await log.append('a', 1)
    for (const wallMovesMs of [HOUR_MS, -HOUR_MS]) {
      world.wallMovesMs = wallMovesMs
      world.clock.setToWallClock?.()
      await log.append('a', 2)
    }
    expect([log.oldest, log.top]).toEqual([1, 3])
  })
})

describe('a lab whose clock is set', () => {
  it.each([
    ['forward', HOUR_MS, 0, /^The clock was 3600\.\d s behind the wall clock/],
    ['back', -HOUR_MS, 0, /^The clock was 3600\.\d s ahead of the wall clock/],
    ['after a sleep', 0, -HOUR_MS, /^The clock was 3600\.\d s behind the wall clock/],
  ])(
    '%s: says so, sends its pages to measure anew, and cuts no reader',
    async (_how, wallMovesMs, sleptMs, said) => {
      const world = createWorld()
      const sentences: string[] = []
      const lab = await started({ clock: world.clock, tell: sentence => sentences.push(sentence) })
      const page = new WebSocket(`${lab.origin.replace('http', 'ws')}/control`)
      await once(page, 'open')
      const reader = new WebSocket(`${lab.origin.replace('http', 'ws')}/ws`)
      const frames: Record<string, unknown>[] = []
      reader.on('message', data => frames.push(JSON.parse(String(data))))
      await once(reader, 'open')
      await lab.publish(1)
      const held = fetch(`${lab.origin}/long-poll?wait=55&cursor=${await cursorOf(lab)}`)
      world.wallMovesMs = wallMovesMs
      world.monotonicMovesMs = sleptMs
      const [code] = await once(page, 'close')
      expect(code).toBe(CLOSE.restart)
      expect(sentences).toEqual([expect.stringMatching(said)])
      await lab.publish(1)
      const batch = (await (await held).json()) as { events: { seq: number; at: number }[] }
      expect(batch.events.map(({ seq }) => seq)).toEqual([2])
      expect(Math.abs((batch.events[0]?.at ?? 0) - world.wallMs())).toBeLessThan(1000)
      await expect
        .poll(() => frames.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq))
        .toEqual([1, 2])
      expect(reader.readyState).toBe(WebSocket.OPEN)
      reader.terminate()
    },
  )
})

async function started(options: Parameters<typeof startLab>[0]): Promise<StartedLab> {
  const lab = await startLab(options)
  ending.push(lab.stop)
  return lab
}

async function cursorOf(lab: StartedLab): Promise<string> {
  return ((await (await fetch(`${lab.origin}/poll`)).json()) as { cursor: string }).cursor
}

/** Resolves after so many checks of a timer as frequent as the others. */
function looks(clock: Clock, count: number): Promise<void> {
  return new Promise(resolve => {
    let left = count
    const end = checkEvery(5, clock.monotonicMs, () => {
      left -= 1
      if (left > 0) return
      end()
      resolve()
    })
  })
}

/** A machine with two clocks that a test can move. */
function createWorld() {
  const world = {
    wallMovesMs: 0,
    monotonicMovesMs: 0,
    wallMs: () => Date.now() + world.wallMovesMs,
    clock: null as unknown as Clock,
  }
  const monotonicMs = () => performance.now() + world.monotonicMovesMs
  const monotonicNs = () => BigInt(Math.round(monotonicMs() * 1e6))
  world.clock = systemClock({ wallMs: world.wallMs, monotonicMs, monotonicNs })
  return world
}
