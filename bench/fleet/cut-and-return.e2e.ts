import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ClockReading, Stats } from '../../server/protocol/api.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'

let server: ChildProcess
let origin: string
let fleet: Fleet | null = null

beforeAll(async () => {
  const args = ['--port', '0', '--link-port', 'off', '--source', 'synthetic', '--rate', '0']
  server = spawn(process.execPath, ['dist/server/main.js', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  if (server.stdout === null) throw new Error('the server has no stdout')
  for await (const line of createInterface(server.stdout)) {
    origin = line
    if (line.startsWith('http')) break
  }
})

afterEach(() => fleet?.close())

afterAll(async () => {
  server.kill()
  await once(server, 'exit')
})

async function openFleet(kind: Technique, options: Partial<FleetOptions> = {}): Promise<Fleet> {
  const readers = 20
  const clock = (await (await fetch(new URL('/api/clock', origin))).json()) as ClockReading
  fleet = createFleet({
    kind,
    port: Number(new URL(origin).port),
    readers,
    sentinels: 5,
    pollIntervalMs: 50,
    seed: 1,
    blindCursor: null,
    clock,
    ...options,
  })
  await fleet.open(readers, 4)
  return fleet
}

async function command(method: string, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(new URL(path, origin), { method, headers, body: JSON.stringify(body) })
  expect(response.ok, await response.text()).toBe(true)
}

const burst = (count: number) => command('POST', '/api/burst', { count })

async function readTop(): Promise<number> {
  return ((await (await fetch(new URL('/api/stats', origin))).json()) as Stats).log.top
}

for (const technique of TECHNIQUES) {
  test(`${technique}: who was cut comes back to its own place, and misses nothing`, async () => {
    const fleet = await openFleet(technique)
    await burst(10)
    const whole = await readTop()
    await expect.poll(() => fleet.counts().lowestPlace).toBe(whole)
    expect(fleet.cut()).toBe(20)
    await burst(700)
    const top = await readTop()
    expect(fleet.counts().lowestPlace).toBe(whole)

    const caughtUpMs = await fleet.comeBack({ spreadMs: 50, upTo: top })
    expect(caughtUpMs).toHaveLength(20)
    await burst(3)
    await expect.poll(() => fleet.counts().lowestPlace).toBe(top + 3)
    fleet.pause()
    await expect
      .poll(() => {
        const { asks, answers, abandoned } = fleet.counts()
        return technique === 'poll' ? asks - answers - abandoned : 0
      })
      .toBe(0)
    const { delivered, repeated, disordered, missing, began } = fleet.counts()
    expect({ delivered, repeated, disordered, missing }).toEqual({
      delivered: 20 * (top + 3) - began,
      repeated: 0,
      disordered: 0,
      missing: 0,
    })
    expect(fleet.failures).toEqual([])
  })

  test(`${technique}: who missed nothing is back as soon as it has asked`, async () => {
    const fleet = await openFleet(technique)
    fleet.cut()
    expect(await fleet.comeBack({ spreadMs: 0, upTo: await readTop() })).toHaveLength(20)
    expect(fleet.cut()).toBe(20)
    expect(fleet.failures).toEqual([])
  })
}

for (const technique of ['sse', 'websocket'] as const) {
  test(`${technique}: those that stop reading are counted apart, and catch up when they read again`, async () => {
    const fleet = await openFleet(technique, { stalled: 8 })
    await burst(500)
    const top = await readTop()
    await expect.poll(() => fleet.counts().lowestPlace).toBe(top)
    expect(fleet.counts()).toMatchObject({ readers: 12, delivered: 12 * 500, missing: 0 })
    expect(fleet.stalled()).toMatchObject({ readers: 8, delivered: 0, closedAfterMs: [] })
    fleet.unstall()
    await expect.poll(() => fleet.stalled().lowestPlace).toBe(top)
    expect(fleet.stalled()).toMatchObject({ delivered: 8 * 500, repeated: 0, missing: 0 })
    expect(fleet.failures).toEqual([])
  })

  test.runIf(process.platform === 'linux')(
    `${technique}: that the server closes one which does not read is seen, is no failure, and it can come back`,
    async () => {
      const fleet = await openFleet(technique, { stalled: 8 })
      await burst(100)
      await new Promise(resolve => setTimeout(resolve, 150))
      expect(fleet.stalled().closedAfterMs).toEqual([])
      await command('POST', '/api/kill', { technique })
      await expect.poll(() => fleet.stalled().closedAfterMs?.length).toBe(8)
      for (const ms of fleet.stalled().closedAfterMs ?? []) expect(ms).toBeGreaterThan(100)
      // The others could see it: they had not asked for it.
      expect(fleet.failures).toHaveLength(12)
      fleet.unstall()
      fleet.cut()
      const top = await readTop()
      await fleet.comeBack({ spreadMs: 0, upTo: top })
      expect(fleet.stalled()).toMatchObject({ lowestPlace: top, repeated: 0, missing: 0, disordered: 0 })
      expect(fleet.failures).toHaveLength(12)
    },
  )
}
