/** A fleet in front of a subject, and what can be done with the two: publish for a while, come to rest, read off. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Technique, Traffic } from '../../server/protocol.ts'
import type { FleetCounts } from '../fleet.ts'
import type { ProbeReading } from '../probe.ts'
import type { Subject } from '../subject.ts'
import { loopUtilization } from './loop-utilization.ts'
import type { Load } from './measurement.ts'

export interface Reading {
  readonly probe: ProbeReading
  readonly counts: FleetCounts
}

/** What the subject says of itself at rest. */
export interface Books {
  readonly top: number
  readonly traffic: Traffic | null
}

export interface Stage {
  read(): Promise<Reading>
  /** Asking for the books is itself work: it stays outside the readings of CPU. */
  readBooks(): Promise<Books>
  /** The silent process: CPU milliseconds per millisecond. */
  readIdle(ms: number): Promise<number>
  /** Returns for how long it was, how busy the load process was meanwhile, and the readings at half-time. */
  publishFor(
    ms: number,
    eventsPerSecond: number,
  ): Promise<{ readonly publishedMs: number; readonly loadUtilization: number; readonly half: Reading }>
  /** Until everyone has everything (or plainly will not), and nothing is under way. Polls are paused then. */
  rest(): Promise<void>
}

export interface StageOptions {
  readonly technique: Technique
  readonly subject: Subject
  readonly load: Load
  readonly signal: AbortSignal
  /** Of the `tcp` floor: its bytes per event; `null` for every other subject. */
  readonly pushedBytes: number | null
  /** The subject keeps a log, so that everybody's place can be known. */
  readonly keepsLog: boolean
  /** What waiting takes by itself, where that is much: a poll's turn, and the distance. */
  readonly pollIntervalMs?: number
  readonly roundTripMs?: number
}

/** Beyond what waiting takes by itself. */
const REST_DEADLINE_MS = 3_000
const REST_LOOK_MS = 10
/** For what answering leaves behind: a long poll that was answered asks again. */
const REST_MS = 50

export function createStage({
  technique,
  subject,
  load,
  signal,
  pushedBytes,
  keepsLog,
  pollIntervalMs = 0,
  roundTripMs = 0,
}: StageOptions): Stage {
  return { read, readBooks, readIdle, publishFor, rest }

  async function read(): Promise<Reading> {
    const [probe, counts] = await Promise.all([subject.read(), load.ask('fleet.counts', null)])
    return { probe, counts }
  }

  async function readBooks(): Promise<Books> {
    return { top: await subject.top(), traffic: await subject.traffic(technique) }
  }

  async function readIdle(ms: number): Promise<number> {
    await subject.settle()
    const from = await subject.read()
    await delay(ms, undefined, { signal })
    const to = await subject.read()
    return (to.cpuMs - from.cpuMs) / (to.monotonicMs - from.monotonicMs)
  }

  async function publishFor(ms: number, eventsPerSecond: number) {
    const from = await load.ask('probe.read', null)
    await subject.setRate(eventsPerSecond)
    const beganMs = performance.now()
    await delay(ms / 2, undefined, { signal })
    const half = await read()
    await delay(ms / 2, undefined, { signal })
    await subject.setRate(0)
    const publishedMs = performance.now() - beganMs
    return { publishedMs, loadUtilization: loopUtilization(from, await load.ask('probe.read', null)), half }
  }

  async function rest(): Promise<void> {
    const top = await subject.top()
    if (pushedBytes !== null) await until(counts => counts.bytesIn >= top * counts.readers * pushedBytes)
    if (keepsLog) await until(counts => counts.lowestPlace >= top)
    await load.ask('fleet.pause', null)
    if (technique === 'poll') await until(counts => counts.asks === counts.answers + counts.abandoned)
    await delay(REST_MS + roundTripMs, undefined, { signal })
  }

  async function until(done: (counts: FleetCounts) => boolean): Promise<void> {
    const deadline = performance.now() + REST_DEADLINE_MS + pollIntervalMs + 2 * roundTripMs
    while (!done(await load.ask('fleet.counts', null)) && performance.now() < deadline) {
      await delay(REST_LOOK_MS, undefined, { signal })
    }
  }
}
