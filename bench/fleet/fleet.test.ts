import type { Socket } from 'node:net'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isStream, TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import { type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'

const readClock = () => ({ at: Date.now(), monotonicNs: process.hrtime.bigint().toString() })

interface Stage {
  readonly fleet: Fleet
  readonly server: ScriptedServer
}

async function openFleet(
  technique: Technique,
  readers: number,
  options: Partial<FleetOptions> = {},
): Promise<Stage> {
  const server = await startScriptedServer(technique)
  const fleet = createFleet({
    kind: technique,
    port: server.port,
    readers,
    sentinels: 5,
    pollIntervalMs: 0,
    seed: 1,
    blindCursor: null,
    clock: readClock(),
    ...options,
  })
  onTestFinished(() => {
    fleet.cut()
    server.close()
  })
  expect(await fleet.open({ count: readers, atOnce: 4 })).toHaveLength(readers)
  return { fleet, server }
}

describe.each(TECHNIQUES)('%s', technique => {
  test('every delivery to every reader is counted, and every byte', async () => {
    const { fleet, server } = await openFleet(technique, 12)
    for (const seq of [1, 2, 3]) server.push(seq)
    await expect.poll(() => fleet.counts().lowestPlace).toBe(3)
    const { delivered, missing, repeated, disordered, began, readers, bytesIn } = fleet.counts()
    expect({ delivered, missing, repeated, disordered, began, readers }).toEqual({
      delivered: 36,
      missing: 0,
      repeated: 0,
      disordered: 0,
      began: 0,
      readers: 12,
    })
    const written = (sockets: readonly Socket[]) =>
      sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0)
    expect(bytesIn).toBe(written(server.sockets))
  })

  test('one event that one reader does not get is found', async () => {
    const { fleet, server } = await openFleet(technique, 12)
    server.push(1)
    server.push(2, { to: server.sockets.slice(1) })
    server.push(3)
    await expect.poll(() => fleet.counts().lowestPlace).toBe(3)
    expect(fleet.counts()).toMatchObject({ delivered: 35, missing: 1 })
  })

  test('latency runs from the intended publish time, on the clock that the server gave', async () => {
    const clock = readClock()
    const { fleet, server } = await openFleet(technique, 10, { clock })
    const sinceMs = Number(process.hrtime.bigint() - BigInt(clock.monotonicNs)) / 1e6
    server.push(1, { at: clock.at + sinceMs - 250 })
    await expect.poll(() => fleet.counts().lowestPlace).toBe(1)
    const { samples, lowestMs, deliveryUs, intendedAt } = fleet.latencies()
    expect(samples).toBe(5)
    expect(lowestMs).toBeGreaterThanOrEqual(250)
    expect(decodeFromCompressedBase64(deliveryUs).minNonZeroValue).toBeGreaterThanOrEqual(249_500)
    expect(intendedAt).toHaveLength(1)
  })

  test('an event from the future shows as a latency below zero and is not hidden', async () => {
    const { fleet, server } = await openFleet(technique, 10)
    server.push(1, { at: Date.now() + 60_000 })
    await expect.poll(() => fleet.counts().lowestPlace).toBe(1)
    expect(fleet.latencies().lowestMs).toBeLessThan(-50_000)
  })

  test('a connection that breaks is reported', async () => {
    const { fleet, server } = await openFleet(technique, 3)
    server.sockets[0]?.destroy()
    await expect.poll(() => fleet.failures()).toEqual(['a connection was closed'])
  })
})

test.runIf(process.platform === 'linux').each(TECHNIQUES.filter(isStream))(
  '%s: that a reader which does not read was closed is seen, even while what was sent to it cannot reach it',
  async technique => {
    const { fleet, server } = await openFleet(technique, 3, { sentinels: 1, stalled: 2 })
    const { sockets } = server
    const unsent = () => sockets.map(socket => socket.writableLength)
    // More than the kernel takes for a reader that does not read.
    for (let seq = 1; seq <= 400; seq++) server.push(seq, { data: 'x'.repeat(20_000) })
    await expect.poll(unsent, { timeout: 10_000 }).toContain(0)
    expect(fleet.stalled()).toMatchObject({ readers: 2, closedAfterMs: [] })
    for (const socket of sockets) if (socket.writableLength > 0) socket.destroy()
    await expect.poll(() => fleet.stalled().closedAfterMs?.length).toBe(2)
    expect(fleet.failures()).toEqual([])
  },
)
