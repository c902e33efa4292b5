/** What is asked, of whom, and how hard. The table itself stands in scenarios.ts. */
import type { Arm } from '../../server/protocol/run.ts'
import type { Technique } from '../../server/protocol/techniques.ts'

export const TIERS = ['quick', 'standard', 'full'] as const
export type Tier = (typeof TIERS)[number]

export { BLOCKS_FOR_A_CLAIM } from '../../server/protocol/run.ts'

/** Runs twice in each block of the scenarios that compare: how far those two lie apart is the noise. */
export const REFERENCE_ARM = 'sse' satisfies Arm

/** One competitor. A floor stands in for a technique: `tcp` as `sse` pushes SSE's bytes. */
export interface ArmPlan {
  readonly arm: Arm
  readonly as?: Technique
  /** One place on the axis that the scenario sweeps: its name, and the axes that it sets. */
  readonly at?: { readonly label: string; readonly axes: Readonly<Record<string, number>> }
  /** The reference arm once more. */
  readonly twin?: true
  /** Only in these tiers; in all by default. */
  readonly tiers?: readonly Tier[]
}

export const SCENARIO_IDS = [
  'delivery',
  'throughput',
  'connections',
  'capacity',
  'idle',
  'large-fan-out',
  'sparse',
  'burst',
  'reconnect',
  'slow-reader',
  'distance',
  'poll-interval',
] as const
export type ScenarioId = (typeof SCENARIO_IDS)[number]

export interface DeliveryAxes {
  readonly readers: number
  /** Readers that parse and time-stamp every event. */
  readonly sentinels: number
  readonly eventsPerSecond: number
  /** Where a mean is held against theory, events must fall into every phase of a wait alike: `poisson`. */
  readonly timing: 'fixed' | 'poisson'
  readonly payloadBytes: number
  /** Polling only. Neither a multiple nor a divisor of the event period, so that no phase stays constant. */
  readonly pollIntervalMs: number
  readonly connectAtOnce: number
  /** One way, each way, by the link, which is itself a hop; `null`: straight to the server. */
  readonly distanceMs: number | null
  /** The silent server before anyone connects: the idle baseline. */
  readonly idleMs: number
  readonly warmUpMs: number
  /** Events and asks come that many times faster while warming up … */
  readonly warmUpFactor: number
  /** … but events no faster than makes so many deliveries a second: many readers warm up by their number. */
  readonly warmUpDeliveriesPerSecond: number
  readonly windowMs: number
  /**
   * So many readers and so few events that the window is told as a whole: memory per connection, and percentiles
   * over all its deliveries beside those over publishes.
   */
  readonly largeFanOut: boolean
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

/** `kind` says how it is measured; several scenarios may be of one kind. */
export interface IdleAxes {
  readonly readers: number
  readonly connectAtOnce: number
  readonly payloadBytes: number
  readonly pollIntervalMs: number
  /** The silent server before anyone connects: the idle baseline. */
  readonly idleMs: number
  /** Until the connecting is over, for the server as well. */
  readonly restMs: number
  /** One hold of a long poll, one heartbeat of a stream: whatever returns returns once. */
  readonly holdWindowMs: number
  readonly heartbeatWindowMs: number
  readonly pollWindowMs: number
}

export interface BurstAxes {
  readonly readers: number
  readonly sentinels: number
  readonly connectAtOnce: number
  readonly payloadBytes: number
  readonly pollIntervalMs: number
  readonly idleMs: number
  /** Events that are published in one turn of the event loop. */
  readonly burstEvents: number
  readonly warmUpBursts: number
  readonly bursts: number
}

export interface CapacityAxes {
  readonly readers: number
  readonly sentinels: number
  readonly connectAtOnce: number
  readonly payloadBytes: number
  readonly pollIntervalMs: number
  readonly warmUpMs: number
  /** Where the search begins; it doubles until the limit is broken. */
  readonly firstEventsPerSecond: number
  readonly probeMs: number
  /** The limit: a probe is passed if it is complete, the queues did not grow, and the 99th percentile stays below. */
  readonly limitP99Ms: number
  /** The search ends when what passed and what failed lie this close together. */
  readonly resolution: number
}

export interface ReconnectAxes {
  readonly readers: number
  readonly connectAtOnce: number
  readonly payloadBytes: number
  readonly pollIntervalMs: number
  readonly idleMs: number
  /** Published while everybody is away: what each has to catch up with. */
  readonly missedEvents: number
  /** Each returns after a delay drawn from 0 to so much; 0: all in one turn. */
  readonly spreadMs: number
  readonly rounds: number
}

export interface SlowReaderAxes {
  /** Those who read, and, beside them, those who stop. */
  readonly readers: number
  readonly stalled: number
  readonly connectAtOnce: number
  readonly eventsPerSecond: number
  readonly payloadBytes: number
  readonly warmUpMs: number
  /** Long enough for the kernel's buffers to fill, and for the server to lose patience after that. */
  readonly windowMs: number
}

interface ScenarioOf<Kind extends string, Axes> {
  readonly id: ScenarioId
  readonly kind: Kind
  readonly question: string
  readonly arms: readonly ArmPlan[]
  readonly axes: Readonly<Record<Tier, Axes>>
  /** How often each arm runs; in a tier of 0 only if it is asked for by name, and then once. */
  readonly blocks: Readonly<Record<Tier, number>>
  /** What one trial takes, starting and ending its processes included: for the time left. */
  readonly trialMs: Readonly<Record<Tier, number>>
}

export type Scenario =
  | ScenarioOf<'delivery', DeliveryAxes>
  | ScenarioOf<'throughput', ThroughputAxes>
  | ScenarioOf<'connections', ConnectionsAxes>
  | ScenarioOf<'idle', IdleAxes>
  | ScenarioOf<'burst', BurstAxes>
  | ScenarioOf<'capacity', CapacityAxes>
  | ScenarioOf<'reconnect', ReconnectAxes>
  | ScenarioOf<'slow-reader', SlowReaderAxes>
