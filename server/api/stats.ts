import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Meter } from '../gate/meter.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Stats } from '../protocol/api.ts'

/** Reads all counters at one instant. Event-loop utilisation is measured since the last `reset`. */
export function createStats(meter: Meter, log: EventLog): { read(): Stats; reset(): void } {
  let idleSince: EventLoopUtilization = performance.eventLoopUtilization()

  return {
    read() {
      const cpu = process.cpuUsage()
      const memory = process.memoryUsage()
      return {
        sinceAt: meter.sinceAt,
        ...meter.read(),
        process: {
          cpuUserMs: cpu.user / 1000,
          cpuSystemMs: cpu.system / 1000,
          rssBytes: memory.rss,
          heapUsedBytes: memory.heapUsed,
          eventLoopUtilization: performance.eventLoopUtilization(idleSince).utilization,
          uptimeMs: Math.round(process.uptime() * 1000),
        },
        log: { epoch: log.epoch, oldest: log.oldest, top: log.top, bytes: log.bytes },
      }
    },
    reset() {
      meter.reset()
      idleSince = performance.eventLoopUtilization()
    },
  }
}
