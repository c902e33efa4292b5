import { expect, test } from 'vitest'
import type { Traffic } from '../../server/protocol/api.ts'
import type { FleetCounts } from '../fleet/fleet.ts'
import { createLatencies } from '../fleet/latencies.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import { type DeliveryRecord, deliveryFigures } from './delivery-figures.ts'

const CLOCK = { at: 0, monotonicNs: '0' }
const READERS = 10
/** What a request, an answer's head and an event take on the wire. */
const [ASK_BYTES, HEAD_BYTES, EVENT_BYTES] = [100, 200, 50]

interface Moment {
  readonly seconds: number
  readonly events: number
  /** Each reader's. */
  readonly asks: number
}

/** A second of two events, then half a second in which the polls go on asking until everyone has everything. */
const BEFORE = { seconds: 0, events: 0, asks: 0 }
const FROM = { seconds: 1, events: 2, asks: 1 }
const HALF = { seconds: 2, events: 4, asks: 2 }
const TO = { seconds: 3, events: 6, asks: 3 }
const AFTER = { seconds: 8, events: 8, asks: 8 }

function readingAt({ seconds, events, asks }: Moment) {
  const counts: FleetCounts = {
    delivered: events * READERS,
    repeated: 0,
    disordered: 0,
    missing: 0,
    requests: asks * READERS,
    answers: asks * READERS,
    abandoned: 0,
    reads: asks * READERS,
    bytesIn: READERS * (asks * HEAD_BYTES + events * EVENT_BYTES),
    bytesOut: READERS * asks * ASK_BYTES,
    lowestPlace: events,
    began: 0,
    readers: READERS,
  }
  const probe: ProbeReading = {
    monotonicMs: seconds * 1000,
    // A millisecond for each ask of all, one for each event, and one each second for being there.
    cpuMs: asks + events + seconds,
    loopActiveMs: 0,
    loopIdleMs: 0,
    gcCount: 0,
    gcMs: 0,
    rssBytes: 0,
    heapUsedBytes: 0,
    externalBytes: 0,
    sleeps: 0,
  }
  return { counts, probe }
}

function booksAt({ events, asks }: Moment) {
  const traffic = {
    bytesIn: READERS * asks * ASK_BYTES,
    payloadBytesOut: READERS * events * EVENT_BYTES,
    framingBytesOut: 0,
    headerBytesOut: READERS * asks * HEAD_BYTES,
  } as Traffic
  return { top: events, traffic }
}

function figuresOf(change: Partial<DeliveryRecord>) {
  const delivery = SCENARIOS.find(({ id }) => id === 'poll-interval')
  if (delivery?.kind !== 'delivery') throw new Error('there is no such scenario')
  return deliveryFigures({
    arm: 'poll',
    technique: 'poll',
    pushedBytes: null,
    axes: { ...delivery.axes.quick, eventsPerSecond: 2, pollIntervalMs: 1000, readers: READERS },
    onMs: { least: 4000, most: 4000 },
    // Longer than the window, and by its lead with fewer events in it.
    publishedMs: 5000,
    roundTripMs: 0,
    scheduleLag: null,
    probed: true,
    idleCpuShare: 0.001,
    loadUtilization: 0,
    loadWork: { wallMs: 2000, cpuMs: 1, reads: 1, delivered: 1 },
    fleetCost: null,
    loadProcesses: 1,
    memory: null,
    before: { ...readingAt(BEFORE), ...booksAt(BEFORE) },
    from: readingAt(FROM),
    half: readingAt(HALF),
    to: readingAt(TO),
    after: { ...readingAt(AFTER), ...booksAt(AFTER) },
    latencies: createLatencies(CLOCK).report(),
    failures: [],
    clocks: [CLOCK, CLOCK],
    ...change,
  })
}

test("asks of polls who only wait for the rest, when nothing is published any more, are nobody's", () => {
  const { values, predictions } = figuresOf({})
  // One ask a second, two events a second.
  expect(values['requests-per-event']).toBe(0.5)
  expect(values['requests-per-event']).toBe(predictions?.['requests-per-event'])
  expect(values['wire-up']).toBe(ASK_BYTES / 2)
  expect(values['wire-down']).toBe(EVENT_BYTES + HEAD_BYTES / 2)
  expect(values['wire-payload']).toBe(EVENT_BYTES)
  expect(values['wire-headers']).toBe(HEAD_BYTES / 2)
  expect(values['cpu-per-delivery']).toBeCloseTo((1000 * (2 + 4)) / 40)
})

test('a long poll has no such asks: all of its books are counted', () => {
  const { values } = figuresOf({ arm: 'long-poll', technique: 'long-poll' })
  expect(values['requests-per-event']).toBe(1)
  expect(values['wire-headers']).toBe(HEAD_BYTES)
})

test('what is lost stands there as a count, also where it refuses every other figure', () => {
  const after = { ...readingAt(AFTER), ...booksAt(AFTER) }
  const counts = { ...after.counts, delivered: after.counts.delivered - 3, repeated: 1 }
  const { values, checks } = figuresOf({ after: { ...after, counts } })
  expect(values).toMatchObject({ lost: 3, repeated: 1, disordered: 0 })
  const { verdict, concerns } = checks.find(({ name }) => name === 'complete') ?? {}
  expect(verdict).toBe('refused')
  expect(concerns).toContain('latency-p50')
  expect(concerns).not.toContain('lost')
})

test('a half of the window in which nothing was due has no cost, and the window no drift', () => {
  const settled = (half: Moment) =>
    figuresOf({ half: readingAt(half) }).checks.find(({ name }) => name === 'settled')
  expect(settled(HALF)?.value).toBeCloseTo(0)
  expect(settled({ ...FROM, seconds: 2 })).toMatchObject({ verdict: 'ok', value: null })
  expect(settled({ ...TO, seconds: 2 })).toMatchObject({ verdict: 'ok', value: null })
})
