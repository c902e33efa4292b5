/** A fleet in front of a subject, and what can be done with the two: publish for a while, come to rest, read off. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Traffic } from '../../server/protocol/api.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { FleetCounts } from '../fleet/fleet.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import type { Subject } from '../subjects/subject.ts'
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

/** What the load processes did in a window, together. */
export interface LoadWork {
  readonly wallMs: number
  readonly cpuMs: number
  readonly reads: number
  readonly delivered: number
}

/** For how long the source was on: somewhere between two bounds, since a command takes its time. */
export interface OnMs {
  readonly least: number
  readonly most: number
}

/** What became of a window in which the source was on. */
export interface Published {
  readonly onMs: OnMs
  /** The middle of it. */
  readonly publishedMs: number
  /** The readings at the window's edges and at half-time, all while the source was on. */
  readonly from: Reading
  readonly half: Reading
  readonly to: Reading
  /** How busy the load process was in the window; of several the busiest. */
  readonly loadUtilization: number
  readonly loadWork: LoadWork
}

export interface Stage {
  read(): Promise<Reading>
  /** Asking for the books is itself work: it stays outside the readings of CPU. */
  readBooks(): Promise<Books>
  /** The silent process: CPU milliseconds per millisecond. */
  readIdle(ms: number): Promise<number>
  /**
   * Publishes in rounds, and between them asks all that the edges of a window ask of the subject. Otherwise the first
   * half of each window would compile anew what was made for readers alone, and V8 had never seen asked otherwise.
   */
  warmUp(ms: number, eventsPerSecond: number): Promise<void>
  /**
   * The source is on for the window, and for `leadMs` before it. No command of the bench falls into the window: it
   * would be booked to the readers.
   */
  publishFor(windowMs: number, eventsPerSecond: number, leadMs?: number): Promise<Published>
  /** What `work` resolves to while the source is on, and for how long that was. */
  whileOn<T>(
    eventsPerSecond: number,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly onMs: OnMs }>
  /** What `work` resolves to, and how busy the load process was with it; of several the busiest. */
  watchLoad<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly loadUtilization: number }>
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

/** Nothing has come for so long, beyond what waiting takes by itself: nothing will. */
const REST_DEADLINE_MS = 3_000
const REST_LOOK_MS = 10
const WARM_UP_ROUNDS = 5
const ASIDE_MAX_MS = 20
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
  return { read, readBooks, readIdle, warmUp, publishFor, whileOn, watchLoad, rest }

  async function read(): Promise<Reading> {
    const [probe, counts] = await Promise.all([subject.read(), load.call('fleet.counts')])
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

  async function warmUp(ms: number, eventsPerSecond: number): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      await publishFor(ms / WARM_UP_ROUNDS, eventsPerSecond)
      await readBooks()
    }
    await rest()
  }

  async function publishFor(windowMs: number, eventsPerSecond: number, leadMs = 0): Promise<Published> {
    const { result, onMs } = await whileOn(eventsPerSecond, async () => {
      // With fixed timing a window of whole periods would begin and end in the middle of bringing an event.
      await delay(leadMs + Math.min(500 / eventsPerSecond, ASIDE_MAX_MS), undefined, { signal })
      const from = await readBoth()
      await delay(windowMs / 2, undefined, { signal })
      const half = await read()
      await delay(windowMs / 2, undefined, { signal })
      return { from, half, to: await readBoth() }
    })
    const { from, half, to } = result
    return {
      onMs,
      publishedMs: (onMs.least + onMs.most) / 2,
      from,
      half,
      to,
      loadUtilization: loopUtilization(from.load, to.load),
      loadWork: {
        wallMs: to.load.monotonicMs - from.load.monotonicMs,
        cpuMs: to.load.cpuMs - from.load.cpuMs,
        reads: to.counts.reads - from.counts.reads,
        delivered: to.counts.delivered - from.counts.delivered,
      },
    }
  }

  async function whileOn<T>(eventsPerSecond: number, work: () => Promise<T>) {
    const askedOnMs = performance.now()
    await subject.setRate(eventsPerSecond)
    const onMs = performance.now()
    const result = await work()
    const askedOffMs = performance.now()
    await subject.setRate(0)
    return { result, onMs: { least: askedOffMs - onMs, most: performance.now() - askedOnMs } }
  }

  async function watchLoad<T>(work: () => Promise<T>) {
    const from = await readLoad()
    const result = await work()
    return { result, loadUtilization: loopUtilization(from, await readLoad()) }
  }

  function readLoad(): Promise<ProbeReading> {
    return load.call('probe.read')
  }

  async function readBoth(): Promise<Reading & { readonly load: ProbeReading }> {
    const [reading, ofLoad] = await Promise.all([read(), readLoad()])
    return { ...reading, load: ofLoad }
  }

  async function rest(): Promise<void> {
    const top = await subject.top()
    if (pushedBytes !== null) {
      await until(
        counts => counts.bytesIn >= top * counts.readers * pushedBytes,
        counts => counts.bytesIn,
      )
    }
    if (keepsLog) {
      await until(
        counts => counts.lowestPlace >= top,
        counts => counts.delivered,
      )
    }
    await load.call('fleet.pause')
    if (technique === 'poll') {
      await until(
        counts => counts.requests === counts.answers + counts.abandoned,
        counts => counts.answers,
      )
    }
    await delay(REST_MS + roundTripMs, undefined, { signal })
  }

  /** Ten thousand readers may be long in getting what was published, so it is only given up once nothing moves. */
  async function until(
    done: (counts: FleetCounts) => boolean,
    progress: (counts: FleetCounts) => number,
  ): Promise<void> {
    const patienceMs = REST_DEADLINE_MS + pollIntervalMs + 2 * roundTripMs
    let movedAt = performance.now()
    let last = Number.NaN
    while (performance.now() - movedAt < patienceMs) {
      const counts = await load.call('fleet.counts')
      if (done(counts)) return
      if (progress(counts) !== last) movedAt = performance.now()
      last = progress(counts)
      await delay(REST_LOOK_MS, undefined, { signal })
    }
  }
}
