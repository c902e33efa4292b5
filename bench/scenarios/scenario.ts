/** What is measured, with whom, and how hard. The table itself is in `table.ts`. */
import type { Arm, Floor, Place } from '../../server/protocol/run.ts'
import { isStream, TECHNIQUES, type Technique, traitsOf } from '../../server/protocol/techniques.ts'

export const TIERS = ['quick', 'standard', 'full'] as const
export type Tier = (typeof TIERS)[number]

/** It runs twice in each block of the scenarios that compare: how far the two lie apart is the noise. */
export const REFERENCE_ARM: Technique =
  TECHNIQUES.find(technique => traitsOf(technique).isReference) ?? TECHNIQUES[0]

/** The floor of a technique: bare sockets that push, or a bare HTTP server that answers. */
export function floorOf(technique: Technique): Floor {
  return isStream(technique) ? 'tcp' : 'http'
}

/** One competitor. A floor stands in for a technique and sends its bytes. */
export interface ArmPlan {
  readonly arm: Arm
  readonly as?: Technique
  /** One place on the axis that the scenario sweeps. */
  readonly at?: Place
  /** The reference arm once more. */
  readonly twin?: true
  /** Only in these tiers; in all by default. */
  readonly tiers?: readonly Tier[]
}

/** The axes of one trial: the scenario's, with those that its place on the swept axis sets. */
export function axesAt<Axes>(axes: Axes, at: Place | undefined): Axes {
  return at === undefined ? axes : axesAt({ ...axes, [at.axis]: at.value }, at.and)
}

/** In display order. */
export const SCENARIO_IDS = [
  'delivery',
  'throughput',
  'connections',
  'capacity',
  'idle',
  'burst',
  'large-fan-out',
  'reconnect',
  'slow-reader',
  'sparse',
  'distance',
  'poll-interval',
] as const
export type ScenarioId = (typeof SCENARIO_IDS)[number]

interface EventAxes {
  /** Bytes of data in each event. */
  readonly payloadBytes: number
}

/** Readers that are connected before anything is measured. */
interface ReaderAxes extends EventAxes {
  readonly readers: number
  /** Connections that are being opened at the same time. */
  readonly connectAtOnce: number
}

/** The same, where readers of a technique that polls are among them. */
interface FleetAxes extends ReaderAxes {
  /** Polling only. Neither a multiple nor a divisor of the event period, so that no phase stays constant. */
  readonly pollIntervalMs: number
}

/** The silent server is measured first, before anyone connects. */
interface BaselineAxes {
  readonly idleMs: number
}

export interface DeliveryAxes extends FleetAxes, BaselineAxes {
  /** Readers that parse and time-stamp every event. */
  readonly sentinels: number
  readonly eventsPerSecond: number
  /** `poisson` where a mean is compared with theory: events must fall into every phase of a wait alike. */
  readonly timing: 'fixed' | 'poisson'
  /** One way, each way, by the link, which is itself a hop; `null`: straight to the server. */
  readonly distanceMs: number | null
  readonly warmUpMs: number
  /** Events and requests come that many times faster while warming up … */
  readonly warmUpFactor: number
  /** … but events no faster than makes so many deliveries a second: many readers warm up by their number. */
  readonly warmUpDeliveriesPerSecond: number
  readonly windowMs: number
  /** Many readers and few events: memory per connection is measured too, and percentiles over all deliveries. */
  readonly largeFanOut: boolean
}

export interface ThroughputAxes extends EventAxes {
  /** autocannon's connections, one request under way on each. */
  readonly connections: number
  /** Events in the answer of the `full` measurement. */
  readonly batchEvents: number
  readonly warmUpRequests: number
  readonly windowMs: number
  /** `opening`: rounds of that many connections that make one request each. */
  readonly openingConnections: number
  readonly openingRounds: number
}

export interface ConnectionsAxes extends EventAxes {
  /** Connections open at each reading of memory, the first being none. */
  readonly steps: readonly number[]
  /** Opened before the first reading and counted in every one, so that code is compiled and pools have grown. */
  readonly warmUpConnections: number
}

export interface IdleAxes extends FleetAxes, BaselineAxes {
  /** Until connecting is over, for the server as well. */
  readonly restMs: number
  /** One hold of a long poll, one heartbeat of a stream: each connection is used once. */
  readonly holdWindowMs: number
  readonly heartbeatWindowMs: number
  readonly pollWindowMs: number
}

export interface BurstAxes extends FleetAxes, BaselineAxes {
  readonly sentinels: number
  /** Events that are published in one turn of the event loop. */
  readonly burstEvents: number
  readonly warmUpBursts: number
  readonly bursts: number
}

export interface CapacityAxes extends FleetAxes {
  readonly sentinels: number
  readonly warmUpMs: number
  /** Where the search begins; it doubles until the limit is broken. */
  readonly firstEventsPerSecond: number
  readonly probeMs: number
  /** The limit: a probe passes if it is complete, the queues did not grow, and the 99th percentile stays below. */
  readonly limitP99Ms: number
  /** The search ends when what passed and what failed lie this close together. */
  readonly resolution: number
}

export interface ReconnectAxes extends FleetAxes, BaselineAxes {
  /** Published while all readers are away: what each has to catch up with. */
  readonly missedEvents: number
  /** Each reader returns after a delay drawn from 0 to this; 0: all in one turn. */
  readonly spreadMs: number
  readonly rounds: number
}

/** `readers` read on. */
export interface SlowReaderAxes extends ReaderAxes {
  /** Readers beside them that stop reading. */
  readonly stalled: number
  readonly eventsPerSecond: number
  readonly warmUpMs: number
  /** Long enough for the kernel's buffers to fill, and for the server to cut the connection after that. */
  readonly windowMs: number
}

/** The kinds of measurement. Several scenarios may be of one kind. */
export interface AxesByKind {
  readonly delivery: DeliveryAxes
  readonly throughput: ThroughputAxes
  readonly connections: ConnectionsAxes
  readonly idle: IdleAxes
  readonly burst: BurstAxes
  readonly capacity: CapacityAxes
  readonly reconnect: ReconnectAxes
  readonly 'slow-reader': SlowReaderAxes
}
export type Kind = keyof AxesByKind

export interface ScenarioOf<K extends Kind> {
  readonly id: ScenarioId
  readonly kind: K
  readonly arms: readonly ArmPlan[]
  readonly axes: Readonly<Record<Tier, AxesByKind[K]>>
  /** How often each arm runs. In a tier of 0 it runs only if it is named on the command line, and then once. */
  readonly blocks: Readonly<Record<Tier, number>>
  /** What one trial takes, starting and ending its processes included: for the time left. */
  readonly trialMs: Readonly<Record<Tier, number>>
}

export type Scenario = { [K in Kind]: ScenarioOf<K> }[Kind]
