import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { afterEach, expect, test } from 'vitest'
import { createFleet, type Fleet } from './fleet.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
const EPOCH = 'k3f9x2ab7q'
const HELLO = `retry: 2000\nid: ${EPOCH}-0\nevent: hello\ndata: ${JSON.stringify({ epoch: EPOCH, cursor: `${EPOCH}-0`, oldest: 1, top: 0, heartbeatMs: 15000 })}\n\n`

let fleet: Fleet | null = null
let server: Server | null = null
const sockets = new Set<Socket>()

afterEach(() => {
  fleet?.close()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  server?.close()
})

const clock = () => ({ at: Date.now(), monotonicNs: process.hrtime.bigint().toString() })

/** An SSE server in three lines, so that it can be wrong on purpose. */
async function openFleet(readers: number, at = clock(), stalled = 0): Promise<Fleet> {
  server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.write(HEAD + HELLO))
  })
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  fleet = createFleet({
    kind: 'sse',
    port,
    readers,
    sentinels: Math.min(5, readers - stalled),
    stalled,
    pollIntervalMs: 0,
    seed: 1,
    blindCursor: null,
    clock: at,
  })
  expect(await fleet.open(readers, 4)).toHaveLength(readers)
  return fleet
}

function push(seq: number, at: number, to: Iterable<Socket> = sockets): void {
  for (const socket of to) {
    socket.write(`data: ${JSON.stringify({ seq, at, type: 'test', data: null })}\nid: ${EPOCH}-${seq}\n\n`)
  }
}

test('every delivery to every reader is counted, and every byte', async () => {
  const fleet = await openFleet(12)
  for (const seq of [1, 2, 3]) push(seq, Date.now())
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
  const written = [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0)
  expect(bytesIn).toBe(written)
})

test('one event that one reader is not given is found', async () => {
  const fleet = await openFleet(12)
  push(1, Date.now())
  push(2, Date.now(), [...sockets].slice(1))
  push(3, Date.now())
  await expect.poll(() => fleet.counts().lowestPlace).toBe(3)
  expect(fleet.counts()).toMatchObject({ delivered: 35, missing: 1 })
})

test('latency runs from the intended publish time, on the clock that the server gave', async () => {
  const at = clock()
  const fleet = await openFleet(10, at)
  const sinceMs = Number(process.hrtime.bigint() - BigInt(at.monotonicNs)) / 1e6
  push(1, at.at + sinceMs - 250)
  await expect.poll(() => fleet.counts().lowestPlace).toBe(1)
  const { samples, lowestMs, deliveryUs, intendedAt } = fleet.latencies()
  expect(samples).toBe(5)
  expect(lowestMs).toBeGreaterThanOrEqual(250)
  expect(decodeFromCompressedBase64(deliveryUs).minNonZeroValue).toBeGreaterThanOrEqual(249_500)
  expect(intendedAt).toHaveLength(1)
})

test('an event from the future shows as a latency below zero instead of being hidden', async () => {
  const fleet = await openFleet(10)
  push(1, Date.now() + 60_000)
  await expect.poll(() => fleet.counts().lowestPlace).toBe(1)
  expect(fleet.latencies().lowestMs).toBeLessThan(-50_000)
})

test('a connection that breaks is named', async () => {
  const fleet = await openFleet(3)
  for (const socket of [...sockets].slice(0, 1)) socket.destroy()
  await expect.poll(() => fleet.failures).toEqual(['a connection was closed'])
})

test.runIf(process.platform === 'linux')(
  'a reader that does not read is seen to be closed, even while what was sent to it cannot reach it',
  async () => {
    const fleet = await openFleet(3, clock(), 2)
    const full = Buffer.alloc(8 * 1024 * 1024, `: ${'x'.repeat(20_000)}\n\n`)
    for (const socket of sockets) socket.write(full)
    await expect
      .poll(() => [...sockets].map(socket => socket.writableLength), { timeout: 10_000 })
      .toContain(0)
    expect(fleet.stalled()).toMatchObject({ readers: 2, closedAfterMs: [] })
    for (const socket of sockets) if (socket.writableLength > 0) socket.destroy()
    await expect.poll(() => fleet.stalled().closedAfterMs?.length).toBe(2)
    expect(fleet.failures).toEqual([])
  },
)
