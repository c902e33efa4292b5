import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { POLICY } from '../../../../server/policy.ts'
import { asksAtIntervals, isStream, traitsOf } from '../../../../server/protocol/techniques.ts'
import { killReaders, setLink } from '../../api-client.ts'
import { limitMs, scaledCount, scaledMs } from '../../contract-times.ts'
import type { RecordingReader } from '../../recording-reader.ts'
import { waitUntil } from '../../wait-until.ts'
import { allReach, type FaultTest } from '../testbed.ts'

const EVENT_BYTES = 16 * 1024
/** Enough to fill the buffers of the kernel and the link. The log keeps twice as much. */
const FILL_EVENTS = 450
/** One write of a stream, and a gap in front of it. */
const HELD_BY_STREAM_BYTES = 64 * 1024 + 1024
/** One batch and its head. */
const HELD_BY_ANSWER_BYTES = 256 * 1024 + 2048

/** What too much of something does. */
export const loadFaults = {
  async 'slow-reader'(testbed) {
    const { technique } = testbed
    // The kernel's buffers are not scaled with the times: a slow reader must not be cut for a ping that waits in them.
    const { lab, origin, linkOrigin, publisher } = await testbed.startLab({
      policy: { heartbeatMs: POLICY.heartbeatMs, pongMs: POLICY.pongMs },
    })
    const others = await testbed.openReaders(2, origin)
    const stopPublishing = publisher.every(5, EVENT_BYTES)
    await delay(scaledMs(10_000))
    const withoutSlowMs = median(takeLatencies(others))
    await setLink(origin, { bytesPerSecond: 1000 })
    const [slow] = await testbed.openReaders(1, linkOrigin, {
      policy: { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000 },
    })
    const unsent = watchUnsent(() => lab.meter.sockets(technique))
    testbed.onEnd(unsent.stop)
    // The kernel and the link buffer megabytes first: the policy's time starts with the first write that waits.
    await publisher.publish(FILL_EVENTS, EVENT_BYTES)
    await allReach(others, publisher.top)
    takeLatencies(others)
    if (isStream(technique)) {
      await waitUntil('the slow reader is cut', () => lab.techniques[technique].readers === 2, 50_000)
      expect(unsent.longestMs).toBeGreaterThan(scaledMs(10_000) / 2)
      expect(unsent.longestMs).toBeLessThan(limitMs(13_000))
    } else await delay(scaledMs(15_000))
    await delay(scaledMs(10_000))
    const withSlowMs = median(takeLatencies(others))
    unsent.stop()
    await stopPublishing()
    expect(unsent.mostBytes).toBeLessThanOrEqual(
      isStream(technique) ? HELD_BY_STREAM_BYTES : HELD_BY_ANSWER_BYTES,
    )
    expect(withSlowMs).toBeLessThan(withoutSlowMs * 20 + 50)
    expect(others.map(({ cuts }) => cuts)).toEqual([0, 0])
    await setLink(origin, {})
    await publisher.publish(1)
    await testbed.expectRecovery(publisher.top)
    expect(slow?.audit.received).toBeGreaterThan(0)
  },

  async herd(testbed) {
    const { origin, publisher } = await testbed.startLab()
    const returnedAtMs: number[] = []
    const readers = await testbed.openReaders(scaledCount(2000, 100), origin, {
      pollIntervalMs: scaledCount(5000, 200),
      waitSeconds: 25,
      onState: ({ name }) => {
        if (name === 'open' || name === 'holding') returnedAtMs.push(performance.now())
      },
    })
    await publisher.publish(1)
    await allReach(readers, publisher.top)
    returnedAtMs.length = 0
    const cutAtMs = performance.now()
    await killReaders(origin)
    await publisher.publish(1)
    await allReach(readers, publisher.top)
    expect(performance.now() - cutAtMs).toBeLessThan(limitMs(30_000))
    await testbed.expectRecovery(publisher.top)
    if (asksAtIntervals(testbed.technique)) return
    expect(returnedAtMs.length).toBeGreaterThanOrEqual(readers.length)
    // The platform draws from the server's `retry`, 1 to 3 s; the reader's own timer from 0 to 1 s, at least a quarter.
    // The middle half of the readers must take a fair part of that window.
    const windowMs = scaledMs(traitsOf(testbed.technique).reconnectsByItself ? 2000 : 1000)
    const sorted = returnedAtMs.slice(0, readers.length).sort((a, b) => a - b)
    const middleHalfMs = quantile(sorted, 0.75) - quantile(sorted, 0.25)
    expect(middleHalfMs).toBeGreaterThan(windowMs / 5)
  },

  async descriptors(testbed) {
    const server = await testbed.startServer({ descriptors: 256 })
    const readers = await testbed.openReaders(3, server.origin)
    await server.publisher.publish(3)
    await allReach(readers, server.publisher.top)
    const stopPublishing = server.publisher.every(20)
    await connectAhead(server.origin)
    const connections = await openConnections(server.port, 350)
    testbed.onEnd(connections.close)
    await waitUntil('a connection is rejected', () => connections.rejected > 0, 10_000)
    await expectUnaffected(readers)
    connections.close()
    await testbed.openReaders(1, server.origin)
    await stopPublishing()
    await testbed.expectRecovery(server.publisher.top)
  },

  async 'connection-cap'(testbed) {
    const { lab, origin, publisher } = await testbed.startLab({
      limits: { connections: 40, perAddress: null },
    })
    const readers = await testbed.openReaders(3, origin)
    const stopPublishing = publisher.every(20)
    await connectAhead(origin)
    const { host, port } = new URL(origin)
    // Each sends a request, because a connection counts from its first request on.
    const request = `GET /api/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    const connections = await openConnections(Number(port), 80, request)
    testbed.onEnd(connections.close)
    await waitUntil(
      'a connection is rejected',
      () => connections.rejected > 0,
      10_000,
      () => lab.meter.allSockets().length,
    )
    await expectUnaffected(readers)
    connections.close()
    await testbed.openReaders(1, origin)
    await stopPublishing()
    await testbed.expectRecovery(publisher.top)
  },
} satisfies Record<string, FaultTest>

/**
 * `fetch` takes a free connection of its pool or opens a new one, and all readers of this process share that pool. From
 * now on it has more connections than they can need at once, so that no reader needs a new one.
 */
async function connectAhead(origin: string): Promise<void> {
  const request = async () => (await fetch(`${origin}/api/health`)).text()
  await Promise.all(Array.from({ length: 12 }, request))
  // A connection is free only in the turn of the event loop after its answer.
  await delay(20)
}

/** The readers go on receiving over the connections that they had. */
async function expectUnaffected(readers: readonly RecordingReader[]): Promise<void> {
  const before = readers.map(({ audit }) => audit.received)
  await delay(scaledMs(10_000))
  const since = () => readers.map(({ audit }, index) => audit.received - (before[index] ?? 0))
  await waitUntil('every reader has received more', () => Math.min(...since()) > 5, limitMs(5000), since)
  expect(readers.map(({ cuts }) => cuts)).toEqual(readers.map(() => 0))
}

/** Opens connections that only take up room, and counts those that the server closes. */
async function openConnections(port: number, count: number, request = '') {
  let rejected = 0
  let closing = false
  const sockets: Socket[] = []
  for (let index = 0; index < count; index += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.once('close', () => {
      if (!closing) rejected += 1
    })
    socket.resume().write(request)
    sockets.push(socket)
  }
  await delay(scaledMs(2000))
  return {
    get rejected() {
      return rejected
    },
    close() {
      closing = true
      for (const socket of sockets.splice(0)) socket.destroy()
    },
  }
}

/** Checks every few milliseconds how much of what was written waits in this process, and for how long. */
function watchUnsent(sockets: () => readonly Socket[]) {
  const waitingSinceMs = new Map<Socket, number>()
  const watch = { mostBytes: 0, longestMs: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const socket of sockets()) {
      watch.mostBytes = Math.max(watch.mostBytes, socket.writableLength)
      if (socket.writableLength === 0) waitingSinceMs.delete(socket)
      else if (!waitingSinceMs.has(socket)) waitingSinceMs.set(socket, nowMs)
      watch.longestMs = Math.max(watch.longestMs, nowMs - (waitingSinceMs.get(socket) ?? nowMs))
    }
  }, 3)
  return watch
}

/** The latencies since the last call. */
function takeLatencies(readers: readonly RecordingReader[]): number[] {
  return readers.flatMap(({ latenciesMs }) => latenciesMs.splice(0))
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

function quantile(sorted: readonly number[], q: number): number {
  const value = sorted[Math.floor((sorted.length - 1) * q)]
  if (value === undefined) throw new Error('There are no values to take a quantile of.')
  return value
}
