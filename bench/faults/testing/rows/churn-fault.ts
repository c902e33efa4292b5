import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { isHeld, type Technique, traitsOf } from '../../../../server/protocol/techniques.ts'
import { requestApi } from '../../api-client.ts'
import { limitMs, scaledCount } from '../../contract-times.ts'
import type { Measurement } from '../../probe.ts'
import type { ServerProcess } from '../../server-process.ts'
import { waitUntil } from '../../wait-until.ts'
import type { FaultTest, Testbed } from '../testbed.ts'

/** In each of two rounds. */
const CYCLES = scaledCount(5000, 1250)
const CONCURRENCY = 25
const HEAP_MAY_GROW_BYTES = 1024 * 1024

/** Readers that come and go. */
export const churnFault = {
  async churn(testbed) {
    // A window so small that the log does not grow meanwhile.
    const server = await testbed.startServer({
      args: ['--keep-events', '50', '--source', 'synthetic', '--rate', '0'],
    })
    await requestApi(server.origin, '/api/burst', 'POST', { count: 20 })
    const idle = await measureStable(server)
    // The first round makes what the server makes once and keeps.
    await churn(CYCLES)
    const before = await measureIdle(server, idle)
    await churn(CYCLES)
    const after = await measureIdle(server, idle)
    expect(countByKind(after.resources)).toEqual(countByKind(idle.resources))
    expect(after.heapUsedBytes - before.heapUsedBytes).toBeLessThan(HEAP_MAY_GROW_BYTES)
    await expectNothingLeftOver(testbed)

    /** First while events are published, then while none are: held requests are then released only by their own end. */
    async function churn(cycles: number): Promise<void> {
      for (const rate of [100, 0]) {
        await requestApi(server.origin, '/api/source', 'PUT', { rate })
        const { log } = await server.stats()
        const requests = requestsOf(testbed.technique, server.port, `${log.epoch}-${log.top}`)
        await connectAndAbort(requests, server.port, cycles / 2)
      }
    }
  },
} satisfies Record<string, FaultTest>

/** The same with a lab in this process, which can be asked for its sockets and readers. */
async function expectNothingLeftOver(testbed: Testbed): Promise<void> {
  const { lab, origin, publisher } = await testbed.startLab()
  await publisher.publish(20)
  const port = Number(new URL(origin).port)
  const requests = requestsOf(testbed.technique, port, `${lab.log.epoch}-${lab.log.top}`)
  await connectAndAbort(requests, port, CYCLES / 10)
  const leftOver = () => [lab.meter.allSockets().length, lab.techniques[testbed.technique].readers]
  await waitUntil(
    'no socket and no reader is left over',
    () => Math.max(...leftOver()) === 0,
    limitMs(20_000),
    leftOver,
  )
}

const UPGRADE =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'

/** The first requests of readers that come with a cursor and without. */
function requestsOf(technique: Technique, port: number, cursor: string): readonly string[] {
  const { endpoint, upgrades } = traitsOf(technique)
  const wait = isHeld(technique) ? '&wait=55' : ''
  return [cursor, 'now', 'earliest'].map(
    from =>
      `GET ${endpoint}?cursor=${from}${wait} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrades ? UPGRADE : ''}\r\n`,
  )
}

async function connectAndAbort(requests: readonly string[], port: number, cycles: number): Promise<void> {
  let remaining = cycles
  await Promise.all(Array.from({ length: CONCURRENCY }, runCycles))

  async function runCycles(): Promise<void> {
    while (remaining > 0) {
      remaining -= 1
      const cycle = remaining
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(requests[cycle % requests.length] ?? '')
      // Some abort before the server has read the request, some in the middle of the answer, some after it.
      if (cycle % 4 === 0) await once(socket, 'connect')
      else if (cycle % 4 === 1) await Promise.race([once(socket, 'data'), delay(5)])
      else await delay(cycle % 4)
      if (cycle % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
      if (!socket.closed) await once(socket, 'close')
    }
  }
}

/** What the server holds without readers: measured until two are alike, since a timer of the source may be pending. */
async function measureStable(server: ServerProcess): Promise<Measurement> {
  let before = await server.measure()
  for (;;) {
    await delay(100)
    const now = await server.measure()
    if (isDeepStrictEqual(countByKind(now.resources), countByKind(before.resources))) return now
    before = now
  }
}

/** Waits until the server holds what it held at the beginning; after a while returns what it holds instead. */
async function measureIdle(server: ServerProcess, idle: Measurement): Promise<Measurement> {
  const giveUpMs = performance.now() + limitMs(20_000)
  for (;;) {
    await delay(100)
    const now = await server.measure()
    const back = isDeepStrictEqual(countByKind(now.resources), countByKind(idle.resources))
    if (back || performance.now() > giveUpMs) return now
  }
}

function countByKind(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
