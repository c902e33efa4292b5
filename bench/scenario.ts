/** What is asked, of whom, and how hard: every number of a run stands here, the runner holds none. */
import type { Arm, Technique } from '../server/protocol.ts'

export const TIERS = ['quick', 'standard'] as const
export type Tier = (typeof TIERS)[number]

/** Fewer blocks than this, and no difference between two arms is claimed. */
export const BLOCKS_FOR_A_CLAIM = 8
export const BLOCKS: Readonly<Record<Tier, number>> = { quick: 2, standard: 8 }

/** One competitor. A floor stands in for a technique: `tcp` as `sse` pushes SSE's bytes. */
export interface ArmPlan {
  readonly arm: Arm
  readonly as?: Technique
}

export interface DeliveryAxes {
  readonly readers: number
  /** Readers that parse and time-stamp every event. */
  readonly sentinels: number
  readonly eventsPerSecond: number
  readonly payloadBytes: number
  /** Polling only. Neither a multiple nor a divisor of the event period, so that no phase stays constant. */
  readonly pollIntervalMs: number
  readonly connectAtOnce: number
  /** The silent server before anyone connects: the idle baseline. */
  readonly idleMs: number
  readonly warmUpMs: number
  /** Events and asks come that many times faster while warming up. */
  readonly warmUpFactor: number
  readonly windowMs: number
}

export interface ThroughputAxes {
  /** autocannon's connections, one request under way on each. */
  readonly connections: number
  readonly payloadBytes: number
  /** Events in the answer of the `full` measurement. */
  readonly batchEvents: number
  readonly warmUpRequests: number
  readonly windowMs: number
  /** `opening`: rounds of that many connections that make one request each. */
  readonly openingConnections: number
  readonly openingRounds: number
}

export interface ConnectionsAxes {
  /** Connections open at each reading of memory, the first being none. */
  readonly steps: readonly number[]
  /** Opened before the first reading and counted in every one, so that code is compiled and pools have grown. */
  readonly warmUpConnections: number
  readonly payloadBytes: number
}

interface ScenarioOf<Kind extends string, Axes> {
  readonly id: Kind
  readonly question: string
  readonly arms: readonly ArmPlan[]
  /** Unit of each axis, for the report. */
  readonly units: Readonly<Record<keyof Axes & string, string>>
  readonly axes: Readonly<Record<Tier, Axes>>
  /** The tiers in which it runs in the first block only: its figures stand next to the question, and time is short. */
  readonly onceIn: readonly Tier[]
  /** What one trial takes, starting and ending its processes included: for the time left. */
  readonly trialMs: Readonly<Record<Tier, number>>
}

export type Scenario =
  | ScenarioOf<'delivery', DeliveryAxes>
  | ScenarioOf<'throughput', ThroughputAxes>
  | ScenarioOf<'connections', ConnectionsAxes>
export type ScenarioId = Scenario['id']

const TECHNIQUE_ARMS: readonly ArmPlan[] = [
  { arm: 'poll' },
  { arm: 'long-poll' },
  { arm: 'sse' },
  { arm: 'websocket' },
]

const DELIVERY_QUICK: DeliveryAxes = {
  // As many as leave a long poll room on one core: beyond, it would be measured at its limit and its floor would not.
  readers: 200,
  sentinels: 200,
  eventsPerSecond: 30,
  payloadBytes: 128,
  pollIntervalMs: 197,
  connectAtOnce: 32,
  idleMs: 200,
  // A poll runs through ten times the code of a delivery, which is not compiled before some ten thousand of them.
  warmUpMs: 1_000,
  warmUpFactor: 8,
  // 51 publishes in each of two blocks: enough for a 90th percentile.
  windowMs: 1_700,
}

const THROUGHPUT_QUICK: ThroughputAxes = {
  connections: 20,
  payloadBytes: 128,
  batchEvents: 200,
  warmUpRequests: 8_000,
  windowMs: 600,
  openingConnections: 100,
  openingRounds: 5,
}

const CONNECTIONS_QUICK: ConnectionsAxes = {
  steps: [0, 250, 500, 750],
  warmUpConnections: 100,
  payloadBytes: 128,
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'delivery',
    question: 'How late is an event, and what does bringing it to one reader cost?',
    arms: [
      ...TECHNIQUE_ARMS,
      { arm: 'http', as: 'poll' },
      { arm: 'http', as: 'long-poll' },
      { arm: 'tcp', as: 'sse' },
      { arm: 'tcp', as: 'websocket' },
    ],
    units: {
      readers: '',
      sentinels: '',
      eventsPerSecond: '/s',
      payloadBytes: 'B',
      pollIntervalMs: 'ms',
      connectAtOnce: '',
      idleMs: 'ms',
      warmUpMs: 'ms',
      warmUpFactor: '×',
      windowMs: 'ms',
    },
    axes: {
      quick: DELIVERY_QUICK,
      standard: { ...DELIVERY_QUICK, idleMs: 1_000, warmUpMs: 3_000, windowMs: 8_000 },
    },
    onceIn: [],
    trialMs: { quick: 4_400, standard: 14_000 },
  },
  {
    id: 'throughput',
    question: 'How many polls can one core answer, and what does a new connection for each cost?',
    arms: [{ arm: 'poll' }],
    units: {
      connections: '',
      payloadBytes: 'B',
      batchEvents: '',
      warmUpRequests: '',
      windowMs: 'ms',
      openingConnections: '',
      openingRounds: '',
    },
    axes: {
      quick: THROUGHPUT_QUICK,
      standard: { ...THROUGHPUT_QUICK, warmUpRequests: 20_000, windowMs: 5_000, openingRounds: 30 },
    },
    onceIn: ['quick'],
    trialMs: { quick: 4_400, standard: 18_000 },
  },
  {
    id: 'connections',
    question: 'What does a connection cost to open, and to hold while nothing happens?',
    arms: TECHNIQUE_ARMS,
    units: { steps: '', warmUpConnections: '', payloadBytes: 'B' },
    axes: {
      quick: CONNECTIONS_QUICK,
      standard: { ...CONNECTIONS_QUICK, steps: [0, 1_000, 2_000, 5_000] },
    },
    onceIn: ['quick'],
    trialMs: { quick: 2_500, standard: 8_000 },
  },
]
