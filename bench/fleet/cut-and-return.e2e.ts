import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { asksAtIntervals, isStream, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { type ServerSubject, startServer } from '../subjects/subject.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'

const aborted = new AbortController()
let server: ServerSubject
let fleet: Fleet | null = null

beforeAll(async () => {
  server = await startServer({ core: null, signal: aborted.signal, payloadBytes: 128, seed: 1 })
})

afterEach(() => fleet?.cut())

afterAll(() => server.stop())

async function openFleet(kind: Technique, options: Partial<FleetOptions> = {}): Promise<Fleet> {
  const readers = 20
  fleet = createFleet({
    kind,
    port: server.port,
    readers,
    sentinels: 5,
    pollIntervalMs: 50,
    seed: 1,
    blindCursor: null,
    clock: await server.clock(),
    ...options,
  })
  await fleet.open({ count: readers, atOnce: 4 })
  return fleet
}

async function killReaders(technique: Technique): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.port}/api/kill`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ technique }),
  })
  expect(response.ok, await response.text()).toBe(true)
}

for (const technique of TECHNIQUES) {
  test(`${technique}: a reader that was cut comes back to its own place and misses nothing`, async () => {
    const fleet = await openFleet(technique)
    await server.burst(10)
    const whole = await server.top()
    await expect.poll(() => fleet.counts().lowestPlace).toBe(whole)
    expect(fleet.cut()).toBe(20)
    await server.burst(700)
    const top = await server.top()
    expect(fleet.counts().lowestPlace).toBe(whole)

    const caughtUpMs = await fleet.reconnect({ spreadMs: 50, upTo: top })
    expect(caughtUpMs).toHaveLength(20)
    await server.burst(3)
    await expect.poll(() => fleet.counts().lowestPlace).toBe(top + 3)
    fleet.pause()
    await expect
      .poll(() => {
        const { requests, answers, abandoned } = fleet.counts()
        return asksAtIntervals(technique) ? requests - answers - abandoned : 0
      })
      .toBe(0)
    const { delivered, repeated, disordered, missing, began } = fleet.counts()
    expect({ delivered, repeated, disordered, missing }).toEqual({
      delivered: 20 * (top + 3) - began,
      repeated: 0,
      disordered: 0,
      missing: 0,
    })
    expect(fleet.failures()).toEqual([])
  })

  test(`${technique}: a reader that missed nothing is back as soon as it has sent its request`, async () => {
    const fleet = await openFleet(technique)
    fleet.cut()
    expect(await fleet.reconnect({ spreadMs: 0, upTo: await server.top() })).toHaveLength(20)
    expect(fleet.cut()).toBe(20)
    expect(fleet.failures()).toEqual([])
  })
}

for (const technique of TECHNIQUES.filter(isStream)) {
  test(`${technique}: readers that stop reading are counted apart, and catch up when they read again`, async () => {
    const fleet = await openFleet(technique, { stalled: 8 })
    await server.burst(500)
    const top = await server.top()
    await expect.poll(() => fleet.counts().lowestPlace).toBe(top)
    expect(fleet.counts()).toMatchObject({ readers: 12, delivered: 12 * 500, missing: 0 })
    expect(fleet.stalled()).toMatchObject({ readers: 8, delivered: 0, closedAfterMs: [] })
    fleet.unstall()
    await expect.poll(() => fleet.stalled().lowestPlace).toBe(top)
    expect(fleet.stalled()).toMatchObject({ delivered: 8 * 500, repeated: 0, missing: 0 })
    expect(fleet.failures()).toEqual([])
  })

  test.runIf(process.platform === 'linux')(
    `${technique}: a reader that does not read and is closed by the server is seen, is not a failure, and can come back`,
    async () => {
      const fleet = await openFleet(technique, { stalled: 8 })
      await server.burst(100)
      await new Promise(resolve => setTimeout(resolve, 150))
      expect(fleet.stalled().closedAfterMs).toEqual([])
      await killReaders(technique)
      await expect.poll(() => fleet.stalled().closedAfterMs?.length).toBe(8)
      for (const ms of fleet.stalled().closedAfterMs ?? []) expect(ms).toBeGreaterThan(100)
      // Readers that read see it, and for them it is a failure.
      expect(fleet.failures()).toHaveLength(12)
      fleet.unstall()
      fleet.cut()
      const top = await server.top()
      await fleet.reconnect({ spreadMs: 0, upTo: top })
      expect(fleet.stalled()).toMatchObject({ lowestPlace: top, repeated: 0, missing: 0, disordered: 0 })
      expect(fleet.failures()).toHaveLength(12)
    },
  )
}
