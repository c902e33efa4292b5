/**
 * Preloaded (`--import`) into each process that the bench starts: reads CPU, memory, event loop and garbage collection
 * from within, so that the server needs no endpoint for it.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { createHistogram, PerformanceObserver, performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { PUBLISH_CHANNEL, type PublishMessage } from '../../server/protocol/api.ts'
import { answerCalls } from '../processes/rpc.ts'

export interface ProbeReading {
  readonly monotonicMs: number
  /** User and system time, of all threads of the process. */
  readonly cpuMs: number
  readonly loopActiveMs: number
  readonly loopIdleMs: number
  readonly gcCount: number
  readonly gcMs: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
  readonly externalBytes: number
  /** How often a thread of the process waited for something. */
  readonly sleeps: number
}

/** How late the source published: actual − intended. */
export interface ScheduleLag {
  readonly publishes: number
  readonly p50Ms: number
  readonly meanMs: number
  readonly maxMs: number
}

export type ProbeCommands = {
  /** Collects garbage and lets the process come to rest before a window or a memory reading. */
  readonly 'probe.settle': () => Promise<void>
  readonly 'probe.read': () => ProbeReading
  /** How late events were published since the last call; `null` if none were. */
  readonly 'probe.takeScheduleLag': () => ScheduleLag | null
  /** From now on remembers every accepted connection, for `probe.unsent`. */
  readonly 'probe.watchSockets': () => void
  /** Bytes that the process still holds for those connections, because the kernel has not taken them. */
  readonly 'probe.unsent': () => number
}

/** The second round frees what finalizers released in the first. */
const GC_ROUNDS = 2
const REST_MS = 40

/**
 * Within a tick, so that a tick object is alive meanwhile. If a collection finds none, V8 forgets the shape of the
 * objects that Node makes for ticks and creates them slowly from then on: the instrument would slow down what it
 * measures.
 */
function collectGarbage(): Promise<void> {
  return new Promise(resolve => {
    process.nextTick(() => {
      globalThis.gc?.()
      resolve()
    })
  })
}

const gc = { count: 0, ms: 0 }
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    gc.count++
    gc.ms += entry.duration
  }
}).observe({ entryTypes: ['gc'] })

const scheduleLagUs = createHistogram({ highest: 120_000_000 })
subscribe(PUBLISH_CHANNEL, message => {
  const { scheduleLagMs } = message as PublishMessage
  scheduleLagUs.record(Math.max(1, Math.round(scheduleLagMs * 1000)))
})

const sockets = new Set<Socket>()

answerCalls({
  async 'probe.settle'() {
    for (let round = 0; round < GC_ROUNDS; round++) {
      await collectGarbage()
      await delay(REST_MS)
    }
  },

  'probe.read'() {
    const cpu = process.cpuUsage()
    const loop = performance.eventLoopUtilization()
    const memory = process.memoryUsage()
    return {
      monotonicMs: performance.now(),
      cpuMs: (cpu.user + cpu.system) / 1000,
      loopActiveMs: loop.active,
      loopIdleMs: loop.idle,
      gcCount: gc.count,
      gcMs: gc.ms,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      externalBytes: memory.external,
      sleeps: process.resourceUsage().voluntaryContextSwitches,
    }
  },

  'probe.takeScheduleLag'() {
    if (scheduleLagUs.count === 0) return null
    const scheduleLag = {
      publishes: scheduleLagUs.count,
      p50Ms: scheduleLagUs.percentile(50) / 1000,
      meanMs: scheduleLagUs.mean / 1000,
      maxMs: scheduleLagUs.max / 1000,
    }
    scheduleLagUs.reset()
    return scheduleLag
  },

  'probe.watchSockets'() {
    subscribe('net.server.socket', message => {
      const { socket } = message as { readonly socket: Socket }
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
  },

  'probe.unsent'() {
    let bytes = 0
    for (const { writableLength } of sockets) bytes += writableLength
    return bytes
  },
} satisfies ProbeCommands)
