/** The table of scenarios: it holds every number of a run, the runner none. */
import { asksAtIntervals, isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import {
  type ArmPlan,
  type BurstAxes,
  type CapacityAxes,
  type ConnectionsAxes,
  type DeliveryAxes,
  floorOf,
  type IdleAxes,
  REFERENCE_ARM,
  type ReconnectAxes,
  type Scenario,
  type SlowReaderAxes,
  type ThroughputAxes,
} from './scenario.ts'

const TECHNIQUE_ARMS: readonly ArmPlan[] = TECHNIQUES.map(technique => ({ arm: technique }))
const FLOOR_ARMS: readonly ArmPlan[] = TECHNIQUES.map(technique => ({
  arm: floorOf(technique),
  as: technique,
}))
const STREAMS = TECHNIQUES.filter(isStream)
const POLLS = TECHNIQUES.filter(asksAtIntervals)

/** In scenarios that have blocks enough for a claim in the full tier only. */
const TWIN_IN_FULL: ArmPlan = { arm: REFERENCE_ARM, twin: true, tiers: ['full'] }

const DELIVERY_QUICK: DeliveryAxes = {
  // As many as a long poll can serve on one core: with more, it would be measured at its limit, and its floor not.
  readers: 200,
  sentinels: 200,
  eventsPerSecond: 60,
  timing: 'fixed',
  payloadBytes: 128,
  pollIntervalMs: 47,
  connectAtOnce: 32,
  distanceMs: null,
  idleMs: 200,
  // A poll runs ten times the code of a delivery, and V8 compiles it only after some ten thousand polls.
  warmUpMs: 1_500,
  warmUpFactor: 8,
  warmUpDeliveriesPerSecond: 24_000,
  // 60 publishes in each of two blocks: enough for a 90th percentile.
  windowMs: 1_000,
  largeFanOut: false,
}

const THROUGHPUT_QUICK: ThroughputAxes = {
  connections: 20,
  payloadBytes: 128,
  // A batch of ten times as many would measure how fast autocannon reads.
  batchEvents: 20,
  warmUpRequests: 6_000,
  windowMs: 400,
  openingConnections: 100,
  openingRounds: 5,
}

const CONNECTIONS_QUICK: ConnectionsAxes = {
  steps: [0, 300, 600],
  warmUpConnections: 100,
  payloadBytes: 128,
}

const CAPACITY: CapacityAxes = {
  readers: 100,
  // Few: at a million deliveries a second, parsing by more of them would be the limit.
  sentinels: 4,
  connectAtOnce: 32,
  payloadBytes: 128,
  // Far below the limit: polls at a longer interval would break it by waiting alone.
  pollIntervalMs: 47,
  warmUpMs: 1_500,
  firstEventsPerSecond: 400,
  probeMs: 1_500,
  limitP99Ms: 100,
  resolution: 0.05,
}

const IDLE: IdleAxes = {
  readers: 500,
  connectAtOnce: 32,
  payloadBytes: 128,
  pollIntervalMs: 1_000,
  // Long, since it is subtracted from windows that are longer still.
  idleMs: 3_000,
  restMs: 500,
  holdWindowMs: 25_000,
  heartbeatWindowMs: 15_000,
  pollWindowMs: 10_000,
}

const BURST: BurstAxes = {
  readers: 200,
  // Few: each parses a hundred events at once, while others wait to be read.
  sentinels: 10,
  connectAtOnce: 32,
  payloadBytes: 128,
  pollIntervalMs: 197,
  idleMs: 200,
  burstEvents: 100,
  warmUpBursts: 5,
  bursts: 15,
}

const LARGE_FAN_OUT: DeliveryAxes = {
  ...DELIVERY_QUICK,
  readers: 10_000,
  sentinels: 200,
  eventsPerSecond: 1,
  connectAtOnce: 64,
  idleMs: 1_000,
  warmUpMs: 4_000,
  warmUpFactor: 4,
  windowMs: 20_000,
  largeFanOut: true,
}

const RECONNECT: ReconnectAxes = {
  readers: 500,
  connectAtOnce: 32,
  payloadBytes: 128,
  pollIntervalMs: 997,
  idleMs: 200,
  missedEvents: 20,
  spreadMs: 0,
  rounds: 2,
}

const SLOW_READER: SlowReaderAxes = {
  readers: 20,
  stalled: 0,
  connectAtOnce: 32,
  eventsPerSecond: 100,
  payloadBytes: 16 * 1024,
  warmUpMs: 1_000,
  windowMs: 16_000,
}

const SPARSE: DeliveryAxes = {
  ...DELIVERY_QUICK,
  eventsPerSecond: 0.1,
  pollIntervalMs: 997,
  idleMs: 2_000,
  warmUpMs: 1_000,
  warmUpFactor: 50,
  windowMs: 10_500,
}

const DISTANCE: DeliveryAxes = {
  ...DELIVERY_QUICK,
  // Few: the link shares the server's core, and waiting for that core is not the distance.
  readers: 3,
  sentinels: 3,
  eventsPerSecond: 25,
  timing: 'poisson',
  // Longer than the longest round trip: a poll sends no request before it has the answer to the last.
  pollIntervalMs: 497,
  warmUpMs: 1_000,
  warmUpFactor: 2,
  // 125 publishes: enough for a 90th percentile, and for a mean that chance moves by 4 %.
  windowMs: 5_000,
}

const POLL_INTERVAL: DeliveryAxes = {
  ...DELIVERY_QUICK,
  eventsPerSecond: 25,
  timing: 'poisson',
  warmUpMs: 1_000,
  warmUpFactor: 4,
  // At least one interval of the slowest poll.
  windowMs: 5_000,
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'delivery',
    kind: 'delivery',
    arms: [...TECHNIQUE_ARMS, { arm: REFERENCE_ARM, twin: true, tiers: ['standard', 'full'] }, ...FLOOR_ARMS],
    axes: {
      quick: DELIVERY_QUICK,
      // 132 publishes in each of nine blocks: enough for a 99th percentile.
      standard: { ...DELIVERY_QUICK, idleMs: 400, warmUpMs: 1_800, windowMs: 2_200 },
      full: { ...DELIVERY_QUICK, idleMs: 1_000, warmUpMs: 4_000, windowMs: 8_000 },
    },
    // One more than a claim takes, so that one refused trial does not cost the run all its claims.
    blocks: { quick: 2, standard: 9, full: 12 },
    trialMs: { quick: 4_200, standard: 6_200, full: 14_500 },
  },
  {
    id: 'throughput',
    kind: 'throughput',
    arms: POLLS.map(technique => ({ arm: technique })),
    axes: {
      quick: THROUGHPUT_QUICK,
      standard: { ...THROUGHPUT_QUICK, warmUpRequests: 20_000, windowMs: 1_500, openingRounds: 20 },
      full: { ...THROUGHPUT_QUICK, warmUpRequests: 20_000, windowMs: 5_000, openingRounds: 30 },
    },
    blocks: { quick: 1, standard: 2, full: 12 },
    trialMs: { quick: 8_000, standard: 20_000, full: 36_000 },
  },
  {
    id: 'connections',
    kind: 'connections',
    arms: [...TECHNIQUE_ARMS, TWIN_IN_FULL],
    axes: {
      quick: CONNECTIONS_QUICK,
      standard: { ...CONNECTIONS_QUICK, steps: [0, 1_000, 2_000, 5_000] },
      full: { ...CONNECTIONS_QUICK, steps: [0, 1_000, 2_000, 5_000, 10_000] },
    },
    blocks: { quick: 1, standard: 1, full: 12 },
    trialMs: { quick: 2_500, standard: 8_000, full: 14_000 },
  },
  {
    id: 'capacity',
    kind: 'capacity',
    arms: TECHNIQUE_ARMS,
    axes: { quick: CAPACITY, standard: CAPACITY, full: { ...CAPACITY, probeMs: 5_000 } },
    blocks: { quick: 0, standard: 1, full: 3 },
    trialMs: { quick: 28_000, standard: 28_000, full: 80_000 },
  },
  {
    id: 'idle',
    kind: 'idle',
    arms: TECHNIQUE_ARMS,
    axes: { quick: IDLE, standard: IDLE, full: { ...IDLE, readers: 2_000 } },
    blocks: { quick: 0, standard: 1, full: 4 },
    trialMs: { quick: 23_000, standard: 23_000, full: 25_000 },
  },
  {
    id: 'burst',
    kind: 'burst',
    arms: [...TECHNIQUE_ARMS, TWIN_IN_FULL],
    axes: { quick: BURST, standard: BURST, full: { ...BURST, bursts: 100 } },
    blocks: { quick: 0, standard: 2, full: 8 },
    trialMs: { quick: 6_000, standard: 6_000, full: 24_000 },
  },
  {
    id: 'large-fan-out',
    kind: 'delivery',
    // With answers each event is a request of every reader: twice as many would fill the second on one core.
    arms: TECHNIQUES.filter(technique => !asksAtIntervals(technique)).map(technique => ({
      arm: technique,
      at: { axis: 'readers', value: isStream(technique) ? 10_000 : 5_000 },
    })),
    axes: { quick: LARGE_FAN_OUT, standard: LARGE_FAN_OUT, full: { ...LARGE_FAN_OUT, windowMs: 60_000 } },
    blocks: { quick: 0, standard: 0, full: 1 },
    trialMs: { quick: 40_000, standard: 40_000, full: 80_000 },
  },
  {
    id: 'reconnect',
    kind: 'reconnect',
    arms: sweep('spreadMs', [0, 2_000], TECHNIQUE_ARMS),
    axes: { quick: RECONNECT, standard: RECONNECT, full: { ...RECONNECT, readers: 2_000, rounds: 5 } },
    blocks: { quick: 0, standard: 1, full: 4 },
    trialMs: { quick: 8_000, standard: 8_000, full: 20_000 },
  },
  {
    id: 'slow-reader',
    kind: 'slow-reader',
    arms: sweep(
      'stalled',
      [0, 10],
      STREAMS.map(technique => ({ arm: technique })),
    ),
    axes: { quick: SLOW_READER, standard: SLOW_READER, full: { ...SLOW_READER, windowMs: 30_000 } },
    blocks: { quick: 0, standard: 1, full: 4 },
    trialMs: { quick: 19_000, standard: 19_000, full: 33_000 },
  },
  {
    id: 'sparse',
    kind: 'delivery',
    arms: TECHNIQUE_ARMS,
    axes: { quick: SPARSE, standard: SPARSE, full: { ...SPARSE, windowMs: 60_000 } },
    blocks: { quick: 0, standard: 1, full: 2 },
    trialMs: { quick: 16_000, standard: 16_000, full: 65_000 },
  },
  {
    id: 'distance',
    kind: 'delivery',
    // One way: round trips of 0, 20, 100 and 200 ms.
    arms: sweep('distanceMs', [0, 10, 50, 100], TECHNIQUE_ARMS),
    axes: { quick: DISTANCE, standard: DISTANCE, full: { ...DISTANCE, windowMs: 20_000 } },
    blocks: { quick: 0, standard: 1, full: 2 },
    trialMs: { quick: 8_500, standard: 8_500, full: 24_000 },
  },
  {
    id: 'poll-interval',
    kind: 'delivery',
    arms: sweep(
      'pollIntervalMs',
      [100, 250, 500, 1_000, 2_000, 5_000],
      POLLS.map(technique => ({ arm: technique })),
    ),
    axes: { quick: POLL_INTERVAL, standard: POLL_INTERVAL, full: { ...POLL_INTERVAL, windowMs: 30_000 } },
    blocks: { quick: 0, standard: 1, full: 2 },
    trialMs: { quick: 12_500, standard: 12_500, full: 38_000 },
  },
]

/** Each arm at each place on one axis. */
function sweep(axis: string, values: readonly number[], arms: readonly ArmPlan[]): readonly ArmPlan[] {
  return values.flatMap(value => arms.map(plan => ({ ...plan, at: { axis, value } })))
}
