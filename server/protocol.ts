/**
 * The wire: everything that crosses it, in one file that imports nothing.
 *
 * Four techniques read one event log. The text of an event is encoded once and is byte for byte the same
 * in every technique; only the envelope around it differs.
 */

/** The techniques, in the order in which the lab always shows them. */
export const TECHNIQUES = ['poll', 'long-poll', 'sse', 'websocket'] as const
export type Technique = (typeof TECHNIQUES)[number]

/** Where each technique is served. */
export const DOORS = {
  poll: '/poll',
  'long-poll': '/long-poll',
  sse: '/sse',
  websocket: '/ws',
} as const satisfies Record<Technique, string>

/** Where a reader who cannot talk back on its own connection posts what it has to say. */
export const SAY_DOOR = '/say'
/** The page's one own WebSocket: statistics and clock, for reading only. */
export const CONTROL_DOOR = '/control'

// ---------------------------------------------------------------------------------------------- events

/** An event as every technique carries it. */
export interface LabEvent {
  /** 1 for the first event of an epoch, then exactly +1 each. */
  readonly seq: number
  /** Epoch milliseconds with a fraction: the instant at which the source meant to publish. */
  readonly at: number
  readonly type: string
  readonly data: unknown
}

export const EVENT_TYPE = /^[a-z][a-z0-9-]{0,31}$/
/** What the streams say about themselves. No event may carry one of these as its type. */
export const CONTROLS = ['hello', 'gap', 'heartbeat', 'bye'] as const
export type Control = (typeof CONTROLS)[number]
/** The largest `data`, as UTF-8 bytes of `JSON.stringify(data)`. */
export const DATA_MAX_BYTES = 64 * 1024
/** The largest thing a reader may say, as UTF-8 bytes of its JSON. */
export const SAY_MAX_BYTES = 1024

// --------------------------------------------------------------------------------------------- cursors

/**
 * A reader's place: "I have everything of this epoch up to and including `seq`". On the wire
 * `k3f9x2ab7q-1042`: the SSE `id`, the polls' `ETag`, the `cursor` of every other envelope.
 */
export interface Cursor {
  readonly epoch: string
  readonly seq: number
}

/** The two words that stand in for a cursor. */
export type CursorWord = 'now' | 'earliest'

export const EPOCH = /^[a-z0-9]{10}$/
export const CURSOR = /^[a-z0-9]{10}-(0|[1-9][0-9]{0,15})$/
/** The name a reader may choose so that the server counts its bytes apart. */
export const CLIENT_NAME = /^[a-z0-9]{8}$/

export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch}-${cursor.seq}`
}

/** Reads a cursor; `null` for anything that is not one, sequence numbers beyond 2^53 − 1 included. */
export function parseCursor(text: string): Cursor | null {
  if (!CURSOR.test(text)) return null
  const seq = Number(text.slice(11))
  return Number.isSafeInteger(seq) ? { epoch: text.slice(0, 10), seq } : null
}

// ------------------------------------------------------------------------------------------- envelopes

/** Events that a reader asked for and that can no longer be had. Declared once, before the next event. */
export type Gap =
  | { readonly reason: 'trimmed'; readonly from: number; readonly to: number; readonly lost: number }
  | { readonly reason: 'epoch'; readonly lost: null }
  | { readonly reason: 'ahead'; readonly lost: null }

/** The answer of both polls. */
export interface Batch {
  /** The reader's place after this batch; always there, so that a newcomer learns its place. */
  readonly cursor: string
  readonly events: readonly LabEvent[]
  readonly gap?: Gap
  /** Present and true only if the batch was cut: ask again at once. */
  readonly more?: true
}
export const BATCH_MAX_EVENTS = 500
export const BATCH_MAX_BYTES = 256 * 1024

/** How long a long poll may be held, in seconds. */
export const WAIT_MAX_SECONDS = 55
export const WAIT_DEFAULT_SECONDS = 25

/** The first message of both streams: the reader's place *before* what follows. */
export interface Hello {
  readonly epoch: string
  readonly cursor: string
  /** The oldest event that is kept; `top + 1` when nothing is. */
  readonly oldest: number
  /** The newest event. */
  readonly top: number
  readonly heartbeatMs: number
}
/** Sent after a silence, so that a reader can tell a quiet source from a dead link. */
export interface Heartbeat {
  readonly top: number
}
/** Sent before the server ends a stream: come back after `retryMs`. */
export interface Bye {
  readonly reason: string
  readonly retryMs: number
}
/** A gap moves the reader's place, so on a stream it carries the cursor just before the next event. */
export type ControlFrame =
  | ({ readonly control: 'hello' } & Hello)
  | ({ readonly control: 'gap'; readonly cursor: string } & Gap)
  | ({ readonly control: 'heartbeat' } & Heartbeat)
  | ({ readonly control: 'bye' } & Bye)

/** What a WebSocket client may send, and what it is answered. */
export interface SayFrame {
  readonly say: unknown
}
export interface SaidFrame {
  readonly said: string
}

/** WebSocket close codes of the protocol (RFC 6455 §7.4: 4000–4999 are an application's own). */
export const CLOSE = {
  /** The server restarts: come back. */
  restart: 1012,
  /** Too many readers: try later. */
  tryLater: 1013,
  /** What you sent is not part of this protocol: do not come back with it. */
  badRequest: 4400,
  /** You read too slowly and were cut: resume from your cursor. */
  tooSlow: 4408,
} as const

/** Silence on a stream after which a heartbeat is sent. */
export const HEARTBEAT_MS = 15_000

// ------------------------------------------------------------------------------------------------- API

/** Every refusal, whatever its status. */
export interface Refusal {
  /** A sentence that says what to do. */
  readonly error: string
  /** kebab-case, for programs. */
  readonly code: string
}

export interface Health {
  readonly ready: boolean
  readonly epoch: string
  readonly top: number
  /** `null` when the road is off: the lanes then use the page's own origin. */
  readonly road: { readonly port: number } | null
}

/** What crossed the sockets on behalf of one technique. */
export interface Traffic {
  readonly connections: number
  readonly requests: number
  readonly deliveries: number
  readonly bytesIn: number
  /** Event texts. */
  readonly payloadBytesOut: number
  /** Response heads, upgrade answers included. */
  readonly headerBytesOut: number
  /** All the rest: batch brackets, SSE field names, frame headers, control messages. */
  readonly framingBytesOut: number
}

export type TechniqueTraffic = Readonly<Record<Technique, Traffic>>

export interface Stats {
  /** Epoch milliseconds at which the counters were last set to zero. */
  readonly sinceAt: number
  readonly techniques: TechniqueTraffic
  /** Page, API and control: all sockets' bytes are techniques + other, exactly. */
  readonly other: Traffic
  readonly process: {
    readonly cpuUserMs: number
    readonly cpuSystemMs: number
    readonly rssBytes: number
    readonly heapUsedBytes: number
    readonly eventLoopUtilization: number
    readonly uptimeMs: number
  }
  readonly log: {
    readonly epoch: string
    readonly oldest: number
    readonly top: number
    readonly bytes: number
  }
}

/** What `/control` sends. `client` is the traffic of the reader named when it was opened. */
export type ControlMessage =
  | { readonly stats: Stats; readonly client?: TechniqueTraffic }
  | { readonly pong: number; readonly at: number }
export interface ControlPing {
  readonly ping: number
}

/** The `node:diagnostics_channel` of the source: a `PublishMessage` before each publish that was due at an instant. */
export const PUBLISH_CHANNEL = 'push-lab.publish'
export interface PublishMessage {
  /** How late it is: actual − intended, never negative. */
  readonly slipMs: number
}

export const SOURCE_KINDS = ['replay', 'synthetic', 'stdin', 'none'] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]
export const TIMINGS = ['poisson', 'fixed', 'recorded'] as const
export type Timing = (typeof TIMINGS)[number]

export interface SourceSettings {
  readonly kind: SourceKind
  /** Events per second; 0 pauses. */
  readonly rate: number
  readonly timing: Timing
  /** Bytes of `data` as text, for `synthetic`. */
  readonly payloadBytes: number
}
export const RATE_MAX = 100_000
export const BURST_MAX = 10_000

/** The two readings of one instant. */
export interface ClockReading {
  /** Epoch milliseconds with a fraction. */
  readonly at: number
  /** CLOCK_MONOTONIC in nanoseconds, as a decimal string (it exceeds 2^53). */
  readonly monotonicNs: string
}

/**
 * `GET` and `PUT /api/road`: what the road does to the connections on it. What is not named is off, also what was on
 * before: `{}` clears the road.
 */
export interface RoadConditions {
  /** 0 to 2,000, in each direction: distance is twice that, and a new connection's first request pays it once more. */
  readonly delayMs?: number
  /** 0 to 1,000: each delay is drawn from `delayMs` ± so much, never below 0. The order stays. */
  readonly jitterMs?: number
  /** 100 to 10^9, for each connection, towards the client. */
  readonly bytesPerSecond?: number
  /** A helpful proxy: holds the body of a response without a length until it has so many bytes (1 to 2^20), or its end. */
  readonly buffer?: {
    readonly bytes: number
    /** Lets responses with `X-Accel-Buffering: no` through; false if not given. */
    readonly honoursHeader?: boolean
  }
  /** Accepts connections, forwards nothing, either way. */
  readonly blackhole?: boolean
  /** 1,000 to 600,000: cuts a connection on which no byte has moved for so long. */
  readonly idleTimeoutMs?: number
  /** New requests are answered with it and not forwarded. */
  readonly refuseStatus?: RoadRefusal
  /** 1 to 10^9: reset, or ended, after so many bytes towards the client. */
  readonly resetAfterBytes?: number
  readonly cutAfterBytes?: number
  /** 1 to 65,536: forwards in slices of at most so many bytes, 5 ms apart, both ways. */
  readonly sliceBytes?: number
}
export const ROAD_REFUSALS = [502, 503, 504] as const
export type RoadRefusal = (typeof ROAD_REFUSALS)[number]

// --------------------------------------------------------------------------------------- bench results

/** Who ran: a technique, or one of the two physical floors. */
export const FLOORS = ['tcp', 'http'] as const
export type Floor = (typeof FLOORS)[number]
export type Arm = Technique | Floor

/** `ok`: believe it. `flagged`: read the reasons. `refused`: there is no number. `failed`: the trial broke. */
export type Verdict = 'ok' | 'flagged' | 'refused' | 'failed'

/** One line of a run's summary: one arm, one metric. A refused or failed measurement is a row too. */
export interface SummaryRow {
  readonly scenario: string
  readonly arm: Arm
  /** Where on the axis that a scenario sweeps, e.g. `RTT 100 ms`; `null` where it sweeps none. */
  readonly at: string | null
  /** kebab-case, e.g. `latency-p99`, `cpu-per-delivery`, `times-floor`. */
  readonly metric: string
  readonly unit: string
  /** The median over trials; `null` when refused or failed. */
  readonly value: number | null
  /** The smallest and the largest trial; `null` where there is one trial only. */
  readonly low: number | null
  readonly high: number | null
  /** Where the value itself lies, with 95 % confidence (bootstrap over blocks); `null` with fewer than three trials. */
  readonly interval: Interval | null
  /** Trials behind the value. */
  readonly n: number
  readonly verdict: Verdict
  /** Why it is not `ok`; a sentence each. */
  readonly reasons: readonly string[]
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Two arms of one scenario held against each other, block by block. */
export interface Comparison {
  readonly scenario: string
  readonly at: string | null
  readonly metric: string
  /** `ratio` is that of `arm` ÷ that of `reference`: the median over the blocks in which both were measured. */
  readonly arm: Arm
  readonly reference: Arm
  readonly ratio: number | null
  readonly interval: Interval | null
  /** Blocks behind it. */
  readonly n: number
  /** How likely a ratio so far from 1 is between equals (permutation test); `null` with too few blocks. */
  readonly pValue: number | null
  /** A difference must exceed this share to be claimed: the A/A band, or 2 % where that is smaller. */
  readonly band: number
  readonly verdict: 'different' | 'no difference' | 'not claimed'
  /** The verdict in words, e.g. “no difference measured (< 3.1 %)”. */
  readonly sentence: string
}

/** How far two runs of the same arm lay apart within one block, at most: |ln ratio|. */
export interface NoiseBand {
  readonly scenario: string
  readonly arm: Arm
  readonly metric: string
  readonly share: number
  /** Pairs behind it. */
  readonly n: number
}

/** One of the instrument's doubts about itself, in one trial. */
export interface TrialCheck {
  readonly name: string
  readonly value: number | boolean | string | null
  /** When it is flagged and when refused, in words. */
  readonly threshold: string
  readonly verdict: Verdict
  /** Why it is not `ok`: a sentence. */
  readonly reason: string | null
}

/** One trial as far as a reader of a run needs it. */
export interface RunTrial {
  readonly scenario: string
  readonly arm: Arm
  /** Of a floor: the technique whose bytes it sent. */
  readonly as: Technique | null
  /** Where on the axis that the scenario sweeps. */
  readonly at: string | null
  /** The reference arm's second trial in its block: for the A/A band, and for nothing else. */
  readonly twin: boolean
  /** From 1. */
  readonly block: number
  readonly axes: Readonly<Record<string, unknown>>
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  readonly checks: readonly TrialCheck[]
  /** Events published in the window: the sample size of its percentiles. */
  readonly publishes: number | null
  /** Name → hdr-histogram, V2 compressed base64, microseconds; mergeable across trials. */
  readonly histograms: Readonly<Record<string, string>>
}

/** The schema of `run.json` that is written now. */
export const RUN_SCHEMA = 2

/**
 * `GET /api/results/:id`: what every `run.json` of this schema holds at least. The file's own bytes, followed by a second
 * `id` where its own is not that of its folder.
 */
export interface Run {
  readonly schema: number
  readonly id: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly tier: string
  readonly complete: boolean
  /** Name → value, in display order: commit, Node, CPU, kernel … */
  readonly provenance: Readonly<Record<string, string | number | boolean | null>>
  /** What the run says about itself: "a look, not a result", a dirty tree … */
  readonly caveats: readonly string[]
  readonly summary: readonly SummaryRow[]
  /** Each arm against the scenario's reference arm. */
  readonly comparisons: readonly Comparison[]
  readonly bands: readonly NoiseBand[]
  /** Scenario → what it asks, in the order of the scenarios. */
  readonly questions: Readonly<Partial<Record<string, string>>>
  readonly trials: readonly RunTrial[]
}

/** Fewer blocks than this, and no difference between two arms, or two runs, is claimed. */
export const BLOCKS_FOR_A_CLAIM = 8

export type RunSummary = Pick<Run, 'id' | 'startedAt' | 'tier' | 'complete'>
/** A run whose `run.json` is odd. */
export interface UnreadableRun {
  readonly id: string
  /** A sentence about its `run.json`. */
  readonly reason: string
}

/** `GET /api/results`: newest first. */
export interface ResultsList {
  readonly runs: readonly RunSummary[]
  readonly unreadable: readonly UnreadableRun[]
}

/** `GET /api/results/:id/:file`: what a run leaves behind, to keep. */
export const RUN_FILES = ['run.json', 'summary.csv', 'report.md', 'report.html'] as const
export type RunFile = (typeof RUN_FILES)[number]
