import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loopUtilization } from '../measure/readings.ts'
import type { Child } from '../processes/child.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import { createFleet, type FleetOptions } from './fleet.ts'
import { createLatencies, mergeLatencies } from './latencies.ts'
import { createLoad, type LoadCommands } from './load-commands.ts'
import { assertDescriptors, createLoadGroup, type LoadGroup, shareOf } from './load-group.ts'

const EPOCH = 'k3f9x2ab7q'
const HELLO = `retry: 2000\nid: ${EPOCH}-0\nevent: hello\ndata: ${JSON.stringify({ epoch: EPOCH, cursor: `${EPOCH}-0`, oldest: 1, top: 0, heartbeatMs: 15000 })}\n\n`
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

const clock = { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() }
let server: Server
let port: number
const sockets = new Set<Socket>()
const cleanup: (() => unknown)[] = []

beforeEach(async () => {
  server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => socket.write(HEAD + HELLO))
    sockets.add(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterEach(async () => {
  for (const close of cleanup.splice(0)) await close()
  server.close()
})

/** A load process in this one: what crosses the border crosses it as text, as it does between processes. */
function startHere(): Child<LoadCommands> {
  const commands = { ...createLoad(), 'probe.read': readProbe } as Record<string, (given: unknown) => unknown>
  return {
    ask: async (command, given) => {
      const answer = await commands[command]?.(JSON.parse(JSON.stringify(given)))
      return JSON.parse(JSON.stringify(answer ?? null))
    },
    line: () => Promise.reject(new Error('it prints nothing')),
    stop: async () => void (await commands['fleet.cut']?.(null)),
  }
}

let probes: Partial<ProbeReading>[] = []
function readProbe(): Partial<ProbeReading> {
  return probes.shift() ?? {}
}

async function openGroup(readersPerProcess: number, options: Partial<FleetOptions> = {}): Promise<LoadGroup> {
  const group = createLoadGroup(startHere, readersPerProcess)
  cleanup.push(group.stop)
  await group.ask('fleet.create', {
    kind: 'sse',
    port,
    readers: 15,
    sentinels: 5,
    pollIntervalMs: 0,
    seed: 1,
    blindCursor: null,
    clock,
    ...options,
  })
  return group
}

function push(seq: number): void {
  const text = JSON.stringify({ seq, at: Date.now(), type: 'test', data: null })
  for (const socket of sockets) socket.write(`data: ${text}\nid: ${EPOCH}-${seq}\n\n`)
}

test('what several processes count together is what one counts alone', async () => {
  const one = await openGroup(15)
  const three = await openGroup(5)
  expect([one.processes, three.processes]).toEqual([1, 3])
  for (const group of [one, three]) {
    expect(await group.ask('fleet.open', { count: 4, atOnce: 1 })).toHaveLength(4)
    expect(await group.ask('fleet.open', { count: 11, atOnce: 6 })).toHaveLength(11)
  }
  for (const seq of [1, 2, 3]) {
    push(seq)
    // Each its own read: how often was read is compared, too.
    for (const group of [one, three])
      await expect.poll(async () => (await group.ask('fleet.counts', null)).lowestPlace).toBe(seq)
  }
  const counts = await one.ask('fleet.counts', null)
  expect(counts).toMatchObject({ delivered: 45, missing: 0, readers: 15, reads: 60 })
  expect(await three.ask('fleet.counts', null)).toEqual(counts)

  const alone = await one.ask('fleet.latencies', null)
  const merged = await three.ask('fleet.latencies', null)
  expect(merged).toMatchObject({ samples: 15, seqs: [1, 2, 3], intendedAt: alone.intendedAt })
  expect(alone.samples).toBe(15)
})

test('each process has its share of what is opened, cut and brought back', async () => {
  const group = await openGroup(5)
  await group.ask('fleet.open', { count: 15, atOnce: 6 })
  expect(await group.ask('fleet.cut', null)).toBe(15)
  expect(await group.ask('fleet.return', { spreadMs: 10, upTo: 0 })).toHaveLength(15)
  push(1)
  await expect.poll(async () => (await group.ask('fleet.counts', null)).lowestPlace).toBe(1)
  expect(await group.ask('fleet.failures', null)).toEqual([])
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await group.ask('fleet.failures', null)).length).toBe(15)
})

test.runIf(process.platform === 'linux')(
  'connections come from the addresses that they are given',
  async () => {
    const localAddresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
    const fleet = createFleet({
      ...{
        kind: 'sse',
        port,
        readers: 6,
        sentinels: 1,
        pollIntervalMs: 0,
        seed: 1,
        blindCursor: null,
        clock,
      },
      localAddresses,
    })
    cleanup.push(fleet.close)
    await fleet.open(6, 2)
    const sources = [...sockets].map(({ remoteAddress }) => remoteAddress)
    expect(sources.sort()).toEqual(localAddresses.flatMap(address => [address, address]))
  },
)

test('latencies taken apart and merged are those taken together, down to the byte', () => {
  const reads = fc.array(
    fc.record({ seq: fc.integer({ min: 1, max: 9 }), lateMs: fc.integer({ min: -5, max: 90 }) }),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(reads, fc.integer({ min: 2, max: 4 }), (reads, processes) => {
      const all = createLatencies(clock)
      const parts = Array.from({ length: processes }, () => createLatencies(clock))
      for (const [index, { seq, lateMs }] of reads.entries()) {
        const at = clock.at + seq
        all.record(seq, at, at + lateMs)
        parts[index % processes]?.record(seq, at, at + lateMs)
      }
      expect(mergeLatencies(parts.map(part => part.report()))).toEqual(all.report())
    }),
  )
})

test('a fleet is shared out whole, and nobody gets more to stall than it has readers for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.nat(60),
      fc.nat(60),
      fc.integer({ min: 1, max: 5 }),
      (readers, sentinelsAsked, stalledAsked, processes) => {
        const sentinels = Math.min(sentinelsAsked, readers)
        const stalled = Math.min(stalledAsked, readers - sentinels)
        const whole: FleetOptions = {
          ...{ kind: 'sse', port: 1, pollIntervalMs: 0, seed: 1, blindCursor: null, clock },
          ...{ readers, sentinels, stalled },
        }
        const shares = Array.from({ length: processes }, (_, index) => shareOf(whole, index, processes))
        const total = (of: (share: FleetOptions) => number) =>
          shares.reduce((sum, share) => sum + of(share), 0)
        expect(total(share => share.readers)).toBe(readers)
        expect(total(share => share.sentinels)).toBe(sentinels)
        expect(total(share => share.stalled ?? 0)).toBe(stalled)
        for (const share of shares)
          expect(share.readers).toBeGreaterThanOrEqual(share.sentinels + (share.stalled ?? 0))
      },
    ),
  )
})

test('how busy the processes were is how busy the busiest was', async () => {
  const group = await openGroup(5)
  const reading = (loopActiveMs: number, loopIdleMs: number) => ({
    loopActiveMs,
    loopIdleMs,
    cpuMs: 1,
    sleeps: 2,
  })
  probes = [reading(50, 50), reading(90, 10), reading(0, 100)]
  const from = await group.ask('probe.read', null)
  probes = [reading(90, 110), reading(95, 105), reading(20, 180)]
  const to = await group.ask('probe.read', null)
  expect(loopUtilization(from, to)).toBeCloseTo(0.4)
  expect(to.cpuMs).toBe(3)
  expect(to.sleeps).toBe(6)
})

test('too few open files are said before anything is opened', () => {
  expect(() => assertDescriptors(10_000, 1024)).toThrow(
    /10100 open files .* 1024 are allowed.*ulimit -n 10100/,
  )
  expect(() => assertDescriptors(900, 1024)).not.toThrow()
  expect(() => assertDescriptors(10_000, null)).not.toThrow()
})
