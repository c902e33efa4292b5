import { fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { formatCursor, parseCursor } from '../../../../server/protocol/wire.ts'
import { askAlone } from '../../commands.ts'
import { hashOf, NO_NUMBER } from '../../payload.ts'
import type { ReaderArguments, ReaderMessage } from '../../reader-process.ts'
import { FULL_TIMES, HEALING_MS, limitMs, READER_TIMES, scaledCount, scaledMs } from '../../times.ts'
import { until } from '../../until.ts'
import type { Witness } from '../../witness.ts'
import type { Scenario } from '../scenario.ts'
import { allAt, type Stage } from '../stage.ts'

const EVENT_BYTES = 16 * 1024
const FILL_EVENTS = 700
/** Events of the server's own source, in bursts. */
const LARGE_EVENTS = ['--source', 'synthetic', '--rate', '0', '--payload', String(EVENT_BYTES)]
const READER = fileURLToPath(new URL('../../../../dist/bench/faults/reader-process.js', import.meta.url))
/** Longer than the patience below, or there would be nobody to cut. */
const STANDSTILL_LEAST_MS = 4500
/** What the readers of a burst need to take it, which a twentieth of the contract's patience is not. */
const SERVER_PATIENCE = FULL_TIMES ? {} : { undrainedMs: 3000, pongMs: 3000 }
/** Readers who do not give up on a server while it stands still: here it is the server that must not cut them. */
const PATIENT = { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000, behindMs: 60_000 }

/** What happens to processes. */
export const signalFaults = {
  async 'stopped-reader'(stage) {
    // A window so small that the log does not grow while the reader stands still.
    const server = await stage.server({
      args: [
        '--keep-events',
        '100',
        '--source',
        'synthetic',
        '--rate',
        '0',
        '--payload',
        String(EVENT_BYTES),
      ],
    })
    const reader = await forkReader(stage, server.origin)
    const warm = await burst(stage, server.origin, 100)
    await until('way to the top', () => reader.place === warm, limitMs(20_000))
    const before = await server.measure()
    reader.signal('SIGSTOP')
    const bursts = scaledCount(80, 16)
    for (let count = 0; count < bursts; count += 1) {
      await burst(stage, server.origin, 50)
      await delay(scaledMs(20_000) / bursts)
    }
    const meanwhile = await server.measure()
    reader.signal('SIGCONT')
    // One batch of a poll, or one write of a stream, and what the measurement itself leaves about.
    expect(meanwhile.heldBytes - before.heldBytes).toBeLessThan(1024 * 1024)
    await server.publisher.publish(1)
    const { top } = server.publisher
    stage.book.healed(top, HEALING_MS)
    await until('way back to the top', () => reader.place === top, HEALING_MS)
    expect(reader.undeclaredGaps).toBe(0)
    await stage.expectClean(top)
  },

  async 'killed-server'(stage) {
    const first = await stage.server()
    const readers = await stage.read(50, first.origin, { pollIntervalMs: 500 })
    await first.publisher.publish(5)
    await allAt(readers, first.publisher.top)
    const stop = first.publisher.every(50)
    await delay(scaledMs(5000))
    await first.kill('SIGKILL')
    await stop()
    const second = await stage.server({ port: first.port })
    await second.publisher.publish(5)
    await stage.expectClean(second.publisher.top)
    expect(readers.map(({ gaps }) => gaps)).toEqual(readers.map(() => ['epoch']))
  },

  async 'terminated-server'(stage) {
    const first = await stage.server()
    const readers = await stage.read(10, first.origin)
    const stop = first.publisher.every(20)
    await delay(scaledMs(10_000))
    const askedAtMs = performance.now()
    const code = await first.kill('SIGTERM')
    const tookMs = performance.now() - askedAtMs
    await stop()
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(5000)
    expect(readers.map(({ reader }) => reader.state.name)).not.toContain('closed')
    const second = await stage.server({ port: first.port })
    await second.publisher.publish(5)
    await stage.expectClean(second.publisher.top)
    expect(readers.map(({ gaps }) => gaps)).toEqual(readers.map(() => ['epoch']))
  },

  async 'stopped-server'(stage) {
    await standStill(
      stage,
      async (server, ms) => {
        server.child.kill('SIGSTOP')
        await delay(ms)
        server.child.kill('SIGCONT')
      },
      scaledMs(20_000),
    )
  },

  async 'blocked-loop'(stage) {
    await standStill(
      stage,
      async (server, ms) => {
        server.block(ms)
        await delay(ms)
      },
      scaledMs(3000),
    )
  },
} satisfies Record<string, Scenario>

/** So many events of one source in one turn, noted as if they had been published one by one. */
async function burst(stage: Stage, origin: string, count: number): Promise<string> {
  const { cursor } = (await askAlone(origin, '/api/burst', 'POST', { count })) as { cursor: string }
  const top = parseCursor(cursor)
  if (top === null) throw new Error(`A burst came to "${cursor}".`)
  const hash = hashOf('x'.repeat(EVENT_BYTES - 2))
  for (let seq = top.seq - count + 1; seq <= top.seq; seq += 1)
    stage.book.publishing(NO_NUMBER, hash)(formatCursor({ epoch: top.epoch, seq }))
  return cursor
}

/** The server stands still under load, with much under way to its readers, and goes on as if nothing had been. */
async function standStill(
  stage: Stage,
  still: (server: Awaited<ReturnType<Stage['server']>>, ms: number) => Promise<void>,
  forMs: number,
): Promise<void> {
  const streams = stage.technique === 'sse' || stage.technique === 'websocket'
  const server = await stage.server({ args: LARGE_EVENTS, policy: SERVER_PATIENCE })
  const readers = await stage.read(2, server.origin, { policy: PATIENT, waitSeconds: 25 })
  await server.publisher.publish(10)
  await allAt(readers, server.publisher.top)
  const connections = asks(readers)
  const stop = server.publisher.every(20)
  await delay(scaledMs(4000))
  if (streams) await fillSockets(stage, server.origin, readers)
  await still(server, FULL_TIMES ? forMs : STANDSTILL_LEAST_MS)
  await delay(scaledMs(10_000))
  await stop()
  await stage.expectClean(server.publisher.top)
  expect(readers.map(({ cuts }) => cuts)).toEqual(readers.map(() => 0))
  expect(readers.flatMap(({ gaps }) => gaps)).toEqual([])
  if (streams) expect(asks(readers)).toEqual(connections)
}

/** More than the kernel takes, so that writes wait: they drain while the server cannot see it. */
async function fillSockets(stage: Stage, origin: string, readers: readonly Witness[]): Promise<void> {
  const before = readers.map(({ reader }) => reader.audit.received)
  await burst(stage, origin, FILL_EVENTS)
  const begun = () => readers.every(({ reader }, index) => reader.audit.received > (before[index] ?? 0) + 20)
  await until('reader of the burst', begun, limitMs(20_000))
}

function asks(readers: readonly Witness[]): number[] {
  return readers.map(({ reader }) => reader.audit.asks)
}

/** A reader in a process of its own, whose page is kept here. */
async function forkReader(stage: Stage, origin: string) {
  const options: ReaderArguments = { technique: stage.technique, origin, policy: READER_TIMES }
  const child = fork(READER, [JSON.stringify(options)], { execArgv: [], serialization: 'json' })
  stage.onEnd(() => child.kill('SIGKILL'))
  const page = stage.book.open(`${stage.technique} reader in a process of its own`, null)
  const reader = {
    place: null as string | null,
    undeclaredGaps: 0,
    signal: (name: NodeJS.Signals) => child.kill(name),
  }
  child.on('message', (message: ReaderMessage) => {
    const connection = message.audit.asks
    if (message.kind === 'event') page.event(connection, message.cursor, message.n, message.hash)
    if (message.kind === 'gap') page.gap(connection, message.cursor, message.gap)
    reader.place = message.place
    reader.undeclaredGaps = message.audit.undeclaredGaps
  })
  await until('place for the reader', () => reader.place !== null, 15_000)
  return reader
}
