import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { POLICY } from '../../../../server/policy.ts'
import { killAll, setLink } from '../../commands.ts'
import { limitMs, scaledCount, scaledMs } from '../../times.ts'
import { until } from '../../until.ts'
import type { Witness } from '../../witness.ts'
import type { Scenario } from '../scenario.ts'
import { allAt } from '../stage.ts'

const EVENT_BYTES = 16 * 1024
/** What fills them. The log keeps twice as much. */
const FILL_EVENTS = 450
/** What one write of a stream may hold, and a gap in front of it. */
const HELD_BY_STREAM_BYTES = 64 * 1024 + 1024
/** What one batch may hold, and its head. */
const HELD_BY_POLL_BYTES = 256 * 1024 + 2048

/** What too much of something does. */
export const loadFaults = {
  async 'slow-reader'(stage) {
    // The kernel's own buffers do not shrink with the times: a ping behind them must not be what ends a slow reader.
    const { lab, origin, linkOrigin, publisher } = await stage.lab({
      policy: { heartbeatMs: POLICY.heartbeatMs, pongMs: POLICY.pongMs },
    })
    const healthy = await stage.read(2, origin)
    const stop = publisher.every(5, EVENT_BYTES)
    await delay(scaledMs(10_000))
    const withoutMs = median(takeLatencies(healthy))
    await setLink(origin, { bytesPerSecond: 1000 })
    const [slow] = await stage.read(1, linkOrigin, {
      policy: { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000 },
    })
    const watch = watchWaiting(() => lab.meter.sockets(stage.technique))
    stage.onEnd(watch.stop)
    // The kernel and the link take their fill first, megabytes of it: the policy counts from the first write that waits.
    await publisher.publish(FILL_EVENTS, EVENT_BYTES)
    await allAt(healthy, publisher.top)
    takeLatencies(healthy)
    const streams = stage.technique === 'sse' || stage.technique === 'websocket'
    if (streams) {
      await until('cut', () => lab.techniques[stage.technique].readers === 2, 50_000)
      expect(watch.longestMs).toBeGreaterThan(scaledMs(10_000) / 2)
      expect(watch.longestMs).toBeLessThan(limitMs(13_000))
    } else await delay(scaledMs(15_000))
    await delay(scaledMs(10_000))
    const withMs = median(takeLatencies(healthy))
    watch.stop()
    await stop()
    expect(watch.mostBytes).toBeLessThanOrEqual(streams ? HELD_BY_STREAM_BYTES : HELD_BY_POLL_BYTES)
    expect(withMs).toBeLessThan(withoutMs * 20 + 50)
    expect(healthy.map(({ cuts }) => cuts)).toEqual([0, 0])
    await setLink(origin, {})
    await publisher.publish(1)
    await stage.expectClean(publisher.top)
    expect(slow?.reader.audit.received).toBeGreaterThan(0)
  },

  async herd(stage) {
    const { origin, publisher } = await stage.lab()
    const returnedAtMs: number[] = []
    const readers = await stage.read(scaledCount(2000, 100), origin, {
      pollIntervalMs: scaledCount(5000, 200),
      waitSeconds: 25,
      onState: ({ name }) => {
        if (name === 'open' || name === 'holding') returnedAtMs.push(performance.now())
      },
    })
    await publisher.publish(1)
    await allAt(readers, publisher.top)
    returnedAtMs.length = 0
    const cutAtMs = performance.now()
    await killAll(origin)
    await publisher.publish(1)
    await allAt(readers, publisher.top)
    expect(performance.now() - cutAtMs).toBeLessThan(limitMs(30_000))
    await stage.expectClean(publisher.top)
    if (stage.technique === 'poll') return
    expect(returnedAtMs.length).toBeGreaterThanOrEqual(readers.length)
    // From 1 to 3 s with `retry`, from 0 to 1 s and a quarter at least with full jitter: half of them take a fair part of it.
    const windowMs = scaledMs(stage.technique === 'sse' ? 2000 : 1000)
    const sorted = returnedAtMs.slice(0, readers.length).sort((a, b) => a - b)
    const middleMs = quantile(sorted, 0.75) - quantile(sorted, 0.25)
    expect(middleMs).toBeGreaterThan(windowMs / 5)
  },

  async descriptors(stage) {
    const server = await stage.server({ descriptors: 256 })
    const readers = await stage.read(3, server.origin)
    await server.publisher.publish(3)
    await allAt(readers, server.publisher.top)
    const stop = server.publisher.every(20)
    await connectAhead(server.origin)
    const connections = await openConnections(server.port, 350)
    stage.onEnd(connections.leave)
    await until('connection that is turned away', () => connections.turnedAway > 0, 10_000)
    await expectUnaffected(readers)
    connections.leave()
    await stage.read(1, server.origin)
    await stop()
    await stage.expectClean(server.publisher.top)
  },

  async 'connection-cap'(stage) {
    const { lab, origin, publisher } = await stage.lab({
      limits: { connections: 40, perAddress: null },
    })
    const readers = await stage.read(3, origin)
    const stop = publisher.every(20)
    await connectAhead(origin)
    // Each asks, because a connection counts from its first request.
    const connections = await openConnections(
      Number(new URL(origin).port),
      80,
      `GET /api/health HTTP/1.1\r\nHost: ${new URL(origin).host}\r\n\r\n`,
    )
    stage.onEnd(connections.leave)
    await until(
      'newcomer that is turned away',
      () => connections.turnedAway > 0,
      10_000,
      () => lab.meter.allSockets().length,
    )
    await expectUnaffected(readers)
    connections.leave()
    await stage.read(1, origin)
    await stop()
    await stage.expectClean(publisher.top)
  },
} satisfies Record<string, Scenario>

/**
 * `fetch` takes a connection that is free, or else opens one more, and all readers of this process draw from the same
 * ones: from now on there are more than they can need at once, so that nobody is a newcomer.
 */
async function connectAhead(origin: string): Promise<void> {
  const ask = async () => (await fetch(`${origin}/api/health`)).text()
  await Promise.all(Array.from({ length: 12 }, ask))
  // After an answer a connection is free only in the event loop's next turn.
  await delay(20)
}

/** They go on receiving, by the connections that they had. */
async function expectUnaffected(readers: readonly Witness[]): Promise<void> {
  const before = readers.map(({ reader }) => reader.audit.received)
  await delay(scaledMs(10_000))
  const further = () => readers.map(({ reader }, index) => reader.audit.received - (before[index] ?? 0))
  await until('event for everyone', () => Math.min(...further()) > 5, limitMs(5000), further)
  expect(readers.map(({ cuts }) => cuts)).toEqual(readers.map(() => 0))
}

/** Connections that only take up room. Turned away is whom the server hangs up on. */
async function openConnections(port: number, count: number, request = '') {
  let turnedAway = 0
  let leaving = false
  const sockets: Socket[] = []
  for (let index = 0; index < count; index += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.once('close', () => {
      if (!leaving) turnedAway += 1
    })
    socket.resume().write(request)
    sockets.push(socket)
  }
  await delay(scaledMs(2000))
  return {
    get turnedAway() {
      return turnedAway
    },
    leave() {
      leaving = true
      for (const socket of sockets.splice(0)) socket.destroy()
    },
  }
}

/** Looks every few milliseconds how much of what was written waits in this process, and for how long. */
function watchWaiting(sockets: () => readonly Socket[]) {
  const sinceMs = new Map<Socket, number>()
  const watch = { mostBytes: 0, longestMs: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const socket of sockets()) {
      watch.mostBytes = Math.max(watch.mostBytes, socket.writableLength)
      if (socket.writableLength === 0) sinceMs.delete(socket)
      else if (!sinceMs.has(socket)) sinceMs.set(socket, nowMs)
      watch.longestMs = Math.max(watch.longestMs, nowMs - (sinceMs.get(socket) ?? nowMs))
    }
  }, 3)
  return watch
}

/** What came since it was last asked. */
function takeLatencies(witnesses: readonly Witness[]): number[] {
  return witnesses.flatMap(({ latenciesMs }) => (latenciesMs as number[]).splice(0))
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

function quantile(sorted: readonly number[], q: number): number {
  const value = sorted[Math.floor((sorted.length - 1) * q)]
  if (value === undefined) throw new Error('There is nothing to take a quantile of.')
  return value
}
