import fc from 'fast-check'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { loopUtilization } from '../measure/readings.ts'
import type { Child } from '../processes/child.ts'
import type { Commands } from '../processes/rpc.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import { createFleet, type FleetOptions } from './fleet.ts'
import { createLatencies, mergeLatencies } from './latencies.ts'
import { createLoad, type LoadCommands } from './load-commands.ts'
import { assertDescriptors, createLoadGroup, type LoadGroup, shareOf } from './load-group.ts'
import { startScriptedServer } from './testing/scripted-server.ts'

const clock = { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() }
let probes: Partial<ProbeReading>[] = []

afterEach(() => {
  probes = []
})

type LoadHere = Pick<Child<LoadCommands>, 'call' | 'stop'>

/** A load process within this one: what is called and answered crosses as text, as it does between processes. */
function startHere(): LoadHere {
  const commands: Record<string, (...given: never[]) => unknown> = { 'probe.read': () => probes.shift() }
  createLoad((more: Commands) => Object.assign(commands, more))
  const call = async (command: string, ...given: readonly unknown[]) => {
    const run = commands[command] as ((...given: unknown[]) => unknown) | undefined
    const answer = await run?.(...(JSON.parse(JSON.stringify(given)) as unknown[]))
    return JSON.parse(JSON.stringify(answer ?? null))
  }
  return { call: call as LoadHere['call'], stop: async () => void (await call('fleet.cut')) }
}

async function openGroup(
  options: Pick<FleetOptions, 'kind' | 'port'>,
  readersPerProcess: number,
): Promise<LoadGroup> {
  const group = createLoadGroup({ start: startHere, shareCore: false, readersPerProcess })
  onTestFinished(group.stop)
  await group.call('fleet.create', {
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

async function startServer(technique: Technique) {
  const server = await startScriptedServer(technique)
  onTestFinished(server.close)
  return server
}

describe.each(TECHNIQUES)('%s', kind => {
  test('what several processes count together is what one counts alone', async () => {
    const server = await startServer(kind)
    const one = await openGroup({ kind, port: server.port }, 15)
    const three = await openGroup({ kind, port: server.port }, 5)
    expect([one.processes, three.processes]).toEqual([1, 3])
    for (const group of [one, three]) {
      expect(await group.call('fleet.open', { count: 4, atOnce: 1 })).toHaveLength(4)
      expect(await group.call('fleet.open', { count: 11, atOnce: 6 })).toHaveLength(11)
    }
    for (const seq of [1, 2, 3]) {
      server.push(seq)
      // Each event in a read of its own: the number of reads is compared, too.
      for (const group of [one, three])
        await expect.poll(async () => (await group.call('fleet.counts')).lowestPlace).toBe(seq)
    }
    const counts = await one.call('fleet.counts')
    expect(counts).toMatchObject({ delivered: 45, missing: 0, readers: 15, reads: 60 })
    expect(await three.call('fleet.counts')).toEqual(counts)

    const alone = await one.call('fleet.latencies')
    const merged = await three.call('fleet.latencies')
    expect(merged).toMatchObject({ samples: 15, seqs: [1, 2, 3], intendedAt: alone.intendedAt })
    expect(alone.samples).toBe(15)
  })

  test('each process has its share of what is opened, cut and reconnected', async () => {
    const server = await startServer(kind)
    const group = await openGroup({ kind, port: server.port }, 5)
    await group.call('fleet.open', { count: 15, atOnce: 6 })
    expect(await group.call('fleet.cut')).toBe(15)
    expect(await group.call('fleet.reconnect', { spreadMs: 10, upTo: 0 })).toHaveLength(15)
    // A reader whose request is held is back before the server has seen it.
    await expect.poll(() => server.sockets.length).toBe(30)
    server.push(1, { to: server.sockets.slice(15) })
    await expect.poll(async () => (await group.call('fleet.counts')).lowestPlace).toBe(1)
    expect(await group.call('fleet.failures')).toEqual([])
    for (const socket of server.sockets) socket.destroy()
    await expect.poll(async () => (await group.call('fleet.failures')).length).toBe(15)
  })
})

test.runIf(process.platform === 'linux')(
  'connections come from the addresses that the fleet is given',
  async () => {
    const [kind] = TECHNIQUES
    const localAddresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
    const { port, sockets } = await startServer(kind)
    const fleet = createFleet({
      ...{ kind, port, readers: 6, sentinels: 1, pollIntervalMs: 0, seed: 1, blindCursor: null, clock },
      localAddresses,
    })
    onTestFinished(() => void fleet.cut())
    await fleet.open({ count: 6, atOnce: 2 })
    const sources = sockets.map(({ remoteAddress }) => remoteAddress)
    expect(sources.sort()).toEqual(localAddresses.flatMap(address => [address, address]))
  },
)

test('latencies recorded apart and merged equal those recorded together, down to the byte', () => {
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

test('a fleet is shared out whole, and no process has more readers to stall than it has readers', () => {
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
          ...{ kind: TECHNIQUES[0], port: 1, pollIntervalMs: 0, seed: 1, blindCursor: null, clock },
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

describe('how busy several processes are', () => {
  const [kind] = TECHNIQUES
  const reading = (loopActiveMs: number, cpuMs: number, wallMs: number) => ({
    loopActiveMs,
    loopIdleMs: wallMs - loopActiveMs,
    cpuMs,
    sleeps: 2,
  })

  /** Two readings, 100 ms apart, of processes with these active and CPU times in between. */
  async function readTwice(
    shareCore: boolean,
    busy: readonly (readonly [activeMs: number, cpuMs: number])[],
  ) {
    const group = createLoadGroup({ start: startHere, shareCore, readersPerProcess: 1 })
    await group.call('fleet.create', {
      ...{ kind, port: 1, sentinels: 1, pollIntervalMs: 0, seed: 1, blindCursor: null, clock },
      readers: busy.length,
    })
    probes = busy.map((_, index) => reading(50 + index, 90, 100))
    const from = await group.call('probe.read')
    probes = busy.map(([activeMs, cpuMs], index) => reading(50 + index + activeMs, 90 + cpuMs, 200))
    return { from, to: await group.call('probe.read') }
  }

  test('with cores of their own: as the busiest', async () => {
    const { from, to } = await readTwice(false, [
      [40, 30],
      [5, 5],
      [20, 20],
    ])
    expect(loopUtilization(from, to)).toBeCloseTo(0.4)
    expect(to.cpuMs - from.cpuMs).toBe(55)
    expect(to.sleeps).toBe(6)
  })

  test('on one core: as the core, so two that are half idle fill it', async () => {
    const { from, to } = await readTwice(true, [
      [50, 48],
      [50, 48],
    ])
    expect(loopUtilization(from, to)).toBeCloseTo(0.96)
  })

  test('on one core no more than all of it, and no less than the busiest', async () => {
    const full = await readTwice(true, [
      [90, 70],
      [90, 70],
    ])
    expect(loopUtilization(full.from, full.to)).toBe(1)
    const one = await readTwice(true, [
      [80, 40],
      [10, 10],
    ])
    expect(loopUtilization(one.from, one.to)).toBeCloseTo(0.8)
  })

  test('a single process: as its event loop', async () => {
    const { from, to } = await readTwice(true, [[40, 60]])
    expect(loopUtilization(from, to)).toBeCloseTo(0.4)
  })
})

test('too few open files are reported before anything is opened', () => {
  expect(() => assertDescriptors(10_000, 1024)).toThrow(
    /10100 open files .* 1024 are allowed.*ulimit -n 10100/,
  )
  expect(() => assertDescriptors(900, 1024)).not.toThrow()
  expect(() => assertDescriptors(10_000, null)).not.toThrow()
})
