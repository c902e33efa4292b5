import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { isStream } from '../../../../server/protocol/techniques.ts'
import { formatCursor, parseCursor } from '../../../../server/protocol/wire.ts'
import { findProjectRoot } from '../../../project-root.ts'
import { requestApi } from '../../api-client.ts'
import {
  FULL_TIMES,
  limitMs,
  READER_TIMES,
  RECOVERY_MS,
  scaledCount,
  scaledMs,
} from '../../contract-times.ts'
import { hashOf, NO_NUMBER } from '../../publisher.ts'
import type { ReaderArguments, ReaderMessage } from '../../reader-process.ts'
import type { RecordingReader } from '../../recording-reader.ts'
import type { ServerProcess } from '../../server-process.ts'
import { waitUntil } from '../../wait-until.ts'
import { allReach, type FaultTest, type Testbed } from '../testbed.ts'

const EVENT_BYTES = 16 * 1024
const FILL_EVENTS = 700
/** The server's own source, which publishes only the bursts it is asked for. */
const LARGE_BURSTS = ['--source', 'synthetic', '--rate', '0', '--payload', String(EVENT_BYTES)]
const READER_PROCESS = join(findProjectRoot(), 'dist/bench/faults/reader-process.js')
/** Longer than the server's patience below, or it would have no reason to cut anyone. */
const STANDSTILL_LEAST_MS = 4500
/** What readers need to take a burst; a twentieth of the contract's times is too short for that. */
const PATIENT_SERVER = FULL_TIMES ? {} : { undrainedMs: 3000, pongMs: 3000 }
/** These readers wait for a server that stands still: the question is whether the server cuts them. */
const PATIENT = { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000, behindMs: 60_000 }

/** What happens to processes. */
export const signalFaults = {
  async 'stopped-reader'(testbed) {
    // A window so small that the log does not grow while the reader stands still.
    const server = await testbed.startServer({ args: ['--keep-events', '100', ...LARGE_BURSTS] })
    const reader = await forkReader(testbed, server.origin)
    const warmedUp = await burst(testbed, server.origin, 100)
    await waitUntil('the reader is at the top', () => reader.cursor === warmedUp, limitMs(20_000))
    const before = await server.measure()
    reader.signal('SIGSTOP')
    const bursts = scaledCount(80, 16)
    for (let count = 0; count < bursts; count += 1) {
      await burst(testbed, server.origin, 50)
      await delay(scaledMs(20_000) / bursts)
    }
    const meanwhile = await server.measure()
    reader.signal('SIGCONT')
    // One batch or one write of a stream, and what the measuring itself takes.
    expect(meanwhile.heldBytes - before.heldBytes).toBeLessThan(1024 * 1024)
    await server.publisher.publish(1)
    const { top } = server.publisher
    testbed.ledger.faultsOver(top, RECOVERY_MS)
    await waitUntil('the reader is at the top again', () => reader.cursor === top, RECOVERY_MS)
    expect(reader.undeclaredGaps).toBe(0)
    await testbed.expectRecovery(top)
  },

  async 'killed-server'(testbed) {
    const first = await testbed.startServer()
    const readers = await testbed.openReaders(50, first.origin, { pollIntervalMs: 500 })
    await first.publisher.publish(5)
    await allReach(readers, first.publisher.top)
    const stopPublishing = first.publisher.every(50)
    await delay(scaledMs(5000))
    await first.kill('SIGKILL')
    await stopPublishing()
    const second = await testbed.startServer({ port: first.port })
    await second.publisher.publish(5)
    await testbed.expectRecovery(second.publisher.top)
    expect(readers.map(({ gapReasons }) => gapReasons)).toEqual(readers.map(() => ['epoch']))
  },

  async 'terminated-server'(testbed) {
    const first = await testbed.startServer()
    const readers = await testbed.openReaders(10, first.origin)
    const stopPublishing = first.publisher.every(20)
    await delay(scaledMs(10_000))
    const signalledAtMs = performance.now()
    const code = await first.kill('SIGTERM')
    const tookMs = performance.now() - signalledAtMs
    await stopPublishing()
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(5000)
    expect(readers.map(({ state }) => state.name)).not.toContain('closed')
    const second = await testbed.startServer({ port: first.port })
    await second.publisher.publish(5)
    await testbed.expectRecovery(second.publisher.top)
    expect(readers.map(({ gapReasons }) => gapReasons)).toEqual(readers.map(() => ['epoch']))
  },

  async 'stopped-server'(testbed) {
    await standStill(
      testbed,
      async (server, ms) => {
        server.child.kill('SIGSTOP')
        await delay(ms)
        server.child.kill('SIGCONT')
      },
      scaledMs(20_000),
    )
  },

  async 'blocked-loop'(testbed) {
    await standStill(
      testbed,
      async (server, ms) => {
        server.block(ms)
        await delay(ms)
      },
      scaledMs(3000),
    )
  },
} satisfies Record<string, FaultTest>

/** Lets the server's source publish that many events in one turn, and records them as if they were published one by one. */
async function burst(testbed: Testbed, origin: string, count: number): Promise<string> {
  const { cursor } = (await requestApi(origin, '/api/burst', 'POST', { count })) as { cursor: string }
  const top = parseCursor(cursor)
  if (top === null) throw new Error(`A burst was answered with "${cursor}", which is not a cursor.`)
  const hash = hashOf('x'.repeat(EVENT_BYTES - 2))
  for (let seq = top.seq - count + 1; seq <= top.seq; seq += 1)
    testbed.ledger.publishing(NO_NUMBER, hash)(formatCursor({ epoch: top.epoch, seq }))
  return cursor
}

/** The server stands still under load, with much on its way to readers, and then goes on as if nothing had happened. */
async function standStill(
  testbed: Testbed,
  stopFor: (server: ServerProcess, ms: number) => Promise<void>,
  forMs: number,
): Promise<void> {
  const server = await testbed.startServer({ args: LARGE_BURSTS, policy: PATIENT_SERVER })
  const readers = await testbed.openReaders(2, server.origin, { policy: PATIENT, waitSeconds: 25 })
  await server.publisher.publish(10)
  await allReach(readers, server.publisher.top)
  const connections = readers.map(({ requests }) => requests)
  const stopPublishing = server.publisher.every(20)
  await delay(scaledMs(4000))
  if (isStream(testbed.technique)) await fillSockets(testbed, server.origin, readers)
  await stopFor(server, FULL_TIMES ? forMs : STANDSTILL_LEAST_MS)
  await delay(scaledMs(10_000))
  await stopPublishing()
  await testbed.expectRecovery(server.publisher.top)
  expect(readers.map(({ cuts }) => cuts)).toEqual(readers.map(() => 0))
  expect(readers.flatMap(({ gapReasons }) => gapReasons)).toEqual([])
  if (isStream(testbed.technique)) expect(readers.map(({ requests }) => requests)).toEqual(connections)
}

/** Publishes more than the kernel buffers, so that writes wait: they then drain while the server cannot notice. */
async function fillSockets(
  testbed: Testbed,
  origin: string,
  readers: readonly RecordingReader[],
): Promise<void> {
  const before = readers.map(({ audit }) => audit.received)
  await burst(testbed, origin, FILL_EVENTS)
  const arriving = () => readers.every(({ audit }, index) => audit.received > (before[index] ?? 0) + 20)
  await waitUntil('the burst is arriving', arriving, limitMs(20_000))
}

/** A reader in a process of its own, whose account is kept here. */
async function forkReader(testbed: Testbed, origin: string) {
  const options: ReaderArguments = { technique: testbed.technique, origin, policy: READER_TIMES }
  const child = fork(READER_PROCESS, [JSON.stringify(options)], { execArgv: [], serialization: 'json' })
  testbed.onEnd(() => child.kill('SIGKILL'))
  const account = testbed.ledger.openAccount(`${testbed.technique} reader in its own process`, null)
  const reader = {
    cursor: null as string | null,
    undeclaredGaps: 0,
    signal: (name: NodeJS.Signals) => child.kill(name),
  }
  child.on('message', (message: ReaderMessage) => {
    if (message.kind === 'event') account.event(message.requests, message.cursor, message.n, message.hash)
    if (message.kind === 'gap') account.gap(message.requests, message.cursor, message.gap)
    reader.cursor = message.readerCursor
    reader.undeclaredGaps = message.undeclaredGaps
  })
  await waitUntil('the reader has a cursor', () => reader.cursor !== null, 15_000)
  return reader
}
