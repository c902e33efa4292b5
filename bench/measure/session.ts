/** A fleet in front of a subject, and what can be done with the two: publish for a while, come to rest, read counters. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ClockReading, Traffic } from '../../server/protocol/api.ts'
import { asksAtIntervals, type Technique } from '../../server/protocol/techniques.ts'
import type { FleetCounts, FleetOptions } from '../fleet/fleet.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Load, TrialSetting } from './measurement.ts'
import { loopUtilization } from './readings.ts'

export interface Reading {
  readonly probe: ProbeReading
  readonly counts: FleetCounts
}

/** What the subject says of itself at rest. */
export interface SubjectCounters {
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

/** For how long the source was on: between two bounds, since a command takes its time. */
export interface OnMs {
  readonly least: number
  readonly most: number
}

/** A window in which the source was on. */
export interface PublishedWindow {
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

export interface Session {
  readonly technique: Technique
  /** The silent process: CPU milliseconds per millisecond. 0 until `readIdle`. */
  idleCpuShare(): number
  readIdle(ms: number): Promise<void>
  /** No reader is connected yet. Returns the subject's clock, as the fleet reads it. */
  createFleet(wanted: FleetWanted): Promise<ClockReading>
  /** All readers of a new fleet are connected and know their place. */
  openFleet(wanted: FleetWanted & { readonly connectAtOnce: number }): Promise<void>
  /** What went wrong with the fleet's connections. */
  failures(): Promise<readonly string[]>
  read(): Promise<Reading>
  readLoad(): Promise<ProbeReading>
  /** Serving this costs CPU by itself, so it stays outside the readings of CPU. */
  readCounters(): Promise<SubjectCounters>
  /** Of the deliveries since the fleet was created, against all that was published. */
  deliveryCounts(): Promise<FleetCounts & { readonly expected: number }>
  /**
   * Publishes in rounds, and between them sends every command that a window sends at its edges. Otherwise the first
   * half of each window would recompile code that V8 had seen serve readers only.
   */
  warmUp(ms: number, eventsPerSecond: number): Promise<void>
  /**
   * The source is on for the window, and for `leadMs` before it. No command of the bench falls into the window: its
   * cost would be counted as that of the readers.
   */
  publishFor(windowMs: number, eventsPerSecond: number, leadMs?: number): Promise<PublishedWindow>
  /** What `work` resolves to while the source is on, and for how long that was. */
  whileOn<T>(
    eventsPerSecond: number,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly onMs: OnMs }>
  /** What `work` resolves to, and how busy the load process was meanwhile; of several the busiest. */
  watchLoad<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly loadUtilization: number }>
  /** Until all readers have everything, or nothing arrives any more, and no request is under way. Polls are paused then. */
  rest(): Promise<void>
}

type FleetWanted = Omit<FleetOptions, 'kind' | 'host' | 'port' | 'clock' | 'seed' | 'blindCursor'> &
  Partial<Pick<FleetOptions, 'kind' | 'blindCursor'>>

export interface SessionOptions {
  /** A floor's bytes per event, if it pushes them; `null` for every other subject. */
  readonly pushedBytes?: number | null
  /** Waiting takes this long by itself, where that is much: a poll's interval, and the distance. */
  readonly pollIntervalMs?: number
  readonly roundTripMs?: number
}

/** Nothing has arrived for this long, beyond what waiting takes by itself: nothing will. */
const REST_DEADLINE_MS = 3_000
const REST_CHECK_MS = 10
const WARM_UP_ROUNDS = 5
const ASIDE_MAX_MS = 20
/** For what an answer causes: the reader of a long poll sends its next request. */
const REST_MS = 50

export function createSession(
  { plan: { arm, as }, floor, seed, signal }: TrialSetting,
  subject: Subject,
  load: Load,
  { pushedBytes = null, pollIntervalMs = 0, roundTripMs = 0 }: SessionOptions = {},
): Session {
  const technique = as ?? (arm as Technique)
  let idleCpuShare = 0

  return {
    technique,
    idleCpuShare: () => idleCpuShare,
    readIdle,
    createFleet,
    openFleet,
    failures: () => load.call('fleet.failures'),
    read,
    readLoad,
    readCounters,
    deliveryCounts,
    warmUp,
    publishFor,
    whileOn,
    watchLoad,
    rest,
  }

  async function readIdle(ms: number): Promise<void> {
    await subject.settle()
    const from = await subject.read()
    await delay(ms, undefined, { signal })
    const to = await subject.read()
    idleCpuShare = (to.cpuMs - from.cpuMs) / (to.monotonicMs - from.monotonicMs)
  }

  async function createFleet(wanted: FleetWanted): Promise<ClockReading> {
    const { elsewhere, port } = subject
    const clock = await subject.clock()
    await load.call('fleet.create', {
      kind: technique,
      blindCursor: null,
      ...wanted,
      ...(elsewhere === undefined ? {} : { host: elsewhere.host }),
      port,
      clock,
      seed,
    })
    return clock
  }

  async function openFleet({
    connectAtOnce,
    ...wanted
  }: FleetWanted & { readonly connectAtOnce: number }): Promise<void> {
    await createFleet(wanted)
    await load.call('fleet.open', { count: wanted.readers, atOnce: connectAtOnce })
  }

  async function read(): Promise<Reading> {
    const [probe, counts] = await Promise.all([subject.read(), load.call('fleet.counts')])
    return { probe, counts }
  }

  function readLoad(): Promise<ProbeReading> {
    return load.call('probe.read')
  }

  async function readCounters(): Promise<SubjectCounters> {
    return { top: await subject.top(), traffic: await subject.traffic(technique) }
  }

  async function deliveryCounts(): Promise<FleetCounts & { readonly expected: number }> {
    const { counts } = await read()
    return { ...counts, expected: counts.readers * (await subject.top()) - counts.began }
  }

  async function warmUp(ms: number, eventsPerSecond: number): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      await publishFor(ms / WARM_UP_ROUNDS, eventsPerSecond)
      await readCounters()
    }
    await rest()
  }

  async function publishFor(windowMs: number, eventsPerSecond: number, leadMs = 0): Promise<PublishedWindow> {
    const { result, onMs } = await whileOn(eventsPerSecond, async () => {
      // With fixed timing a window of whole periods would begin and end in the middle of delivering an event.
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
    const sentOnMs = performance.now()
    await subject.setRate(eventsPerSecond)
    const onMs = performance.now()
    const result = await work()
    const sentOffMs = performance.now()
    await subject.setRate(0)
    return { result, onMs: { least: sentOffMs - onMs, most: performance.now() - sentOnMs } }
  }

  async function watchLoad<T>(work: () => Promise<T>) {
    const from = await readLoad()
    const result = await work()
    return { result, loadUtilization: loopUtilization(from, await readLoad()) }
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
    // A floor keeps no log, so its readers have no place.
    if (floor === null) {
      await until(
        counts => counts.lowestPlace >= top,
        counts => counts.delivered,
      )
    }
    await load.call('fleet.pause')
    if (asksAtIntervals(technique)) {
      await until(
        counts => counts.requests === counts.answers + counts.abandoned,
        counts => counts.answers,
      )
    }
    await delay(REST_MS + roundTripMs, undefined, { signal })
  }

  /** Ten thousand readers may take long to get what was published, so it gives up only once nothing moves. */
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
      await delay(REST_CHECK_MS, undefined, { signal })
    }
  }
}

/** A session as most measurements begin: the silent server is measured if there is a baseline, and a fleet is open. */
export async function openSession(
  setting: TrialSetting,
  subject: Subject,
  load: Load,
  { idleMs = 0, ...wanted }: FleetWanted & { readonly connectAtOnce: number; readonly idleMs?: number },
): Promise<Session> {
  const session = createSession(setting, subject, load)
  if (idleMs > 0) await session.readIdle(idleMs)
  await session.openFleet(wanted)
  return session
}
