import { expect, test } from 'vitest'
import type { Traffic } from '../../server/protocol/api.ts'
import type { FleetCounts } from '../fleet/fleet.ts'
import { createLatencies } from '../fleet/latencies.ts'
import { SCENARIOS } from '../scenarios/table.ts'
import type { ProbeReading } from '../subjects/probe.ts'
import { deliveryFigures } from './delivery-figures.ts'
import type { DeliveryRecord } from './delivery-record.ts'

const CLOCK = { at: 0, monotonicNs: '0' }
const READERS = 10
/** What a request, an answer's head and an event take on the wire. */
const [REQUEST_BYTES, HEAD_BYTES, EVENT_BYTES] = [100, 200, 50]

interface Moment {
  readonly seconds: number
  readonly events: number
  /** Each reader's. */
  readonly requests: number
}

/** Two events a second; after the window the polls go on until all readers have everything. */
const BEFORE = { seconds: 0, events: 0, requests: 0 }
const FROM = { seconds: 1, events: 2, requests: 1 }
const HALF = { seconds: 2, events: 4, requests: 2 }
const TO = { seconds: 3, events: 6, requests: 3 }
const AFTER = { seconds: 8, events: 8, requests: 8 }

function readingAt({ seconds, events, requests }: Moment) {
  const counts: FleetCounts = {
    delivered: events * READERS,
    repeated: 0,
    disordered: 0,
    missing: 0,
    requests: requests * READERS,
    answers: requests * READERS,
    abandoned: 0,
    reads: requests * READERS,
    bytesIn: READERS * (requests * HEAD_BYTES + events * EVENT_BYTES),
    bytesOut: READERS * requests * REQUEST_BYTES,
    lowestPlace: events,
    began: 0,
    readers: READERS,
  }
  const probe: ProbeReading = {
    monotonicMs: seconds * 1000,
    // A millisecond for each round of requests, one for each event, and one each second for being there.
    cpuMs: requests + events + seconds,
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

function countersAt({ events, requests }: Moment) {
  const traffic = {
    bytesIn: READERS * requests * REQUEST_BYTES,
    payloadBytesOut: READERS * events * EVENT_BYTES,
    framingBytesOut: 0,
    headerBytesOut: READERS * requests * HEAD_BYTES,
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
    before: { ...readingAt(BEFORE), ...countersAt(BEFORE) },
    from: readingAt(FROM),
    half: readingAt(HALF),
    to: readingAt(TO),
    after: { ...readingAt(AFTER), ...countersAt(AFTER) },
    latencies: createLatencies(CLOCK).report(),
    failures: [],
    clocks: [CLOCK, CLOCK],
    ...change,
  })
}

test('requests of polls after the window, when nothing is published any more, are not counted', () => {
  const { values, predictions } = figuresOf({})
  // One request a second, two events a second.
  expect(values['requests-per-event']).toBe(0.5)
  expect(values['requests-per-event']).toBe(predictions?.['requests-per-event'])
  expect(values['wire-up']).toBe(REQUEST_BYTES / 2)
  expect(values['wire-down']).toBe(EVENT_BYTES + HEAD_BYTES / 2)
  expect(values['wire-payload']).toBe(EVENT_BYTES)
  expect(values['wire-headers']).toBe(HEAD_BYTES / 2)
  expect(values['cpu-per-delivery']).toBeCloseTo((1000 * (2 + 4)) / 40)
})

test('a long poll sends no such requests: all of them are counted', () => {
  const { values } = figuresOf({ arm: 'long-poll', technique: 'long-poll' })
  expect(values['requests-per-event']).toBe(1)
  expect(values['wire-headers']).toBe(HEAD_BYTES)
})

test('what is lost is reported as a count, also where it refuses every other figure', () => {
  const after = { ...readingAt(AFTER), ...countersAt(AFTER) }
  const counts = { ...after.counts, delivered: after.counts.delivered - 3, repeated: 1 }
  const { values, checks } = figuresOf({ after: { ...after, counts } })
  expect(values).toMatchObject({ lost: 3, repeated: 1, disordered: 0 })
  const { verdict, concerns } = checks.find(({ code }) => code === 'lossy') ?? {}
  expect(verdict).toBe('refused')
  expect(concerns).toContain('latency-p50')
  expect(concerns).not.toContain('lost')
})

test('a half of the window in which nothing was due has no cost, and the window no drift', () => {
  const settled = (half: Moment) =>
    figuresOf({ half: readingAt(half) }).checks.find(({ code }) => code === 'cost-drifts')
  expect(settled(HALF)?.value).toBeCloseTo(0)
  expect(settled({ ...FROM, seconds: 2 })).toMatchObject({ verdict: 'ok', value: null })
  expect(settled({ ...TO, seconds: 2 })).toMatchObject({ verdict: 'ok', value: null })
})
