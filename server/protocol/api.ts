/** The shapes of the HTTP API and of the page's control socket. */
import type { Technique } from './techniques.ts'

/** The body of every refusal, whatever its status. */
export interface RefusalBody {
  /** An English sentence that says what to do. */
  readonly error: string
  /** kebab-case, for programs. One code may stand for several sentences, which `params` tells apart. */
  readonly code: string
  /** The values that stand in the sentence. Left out where there are none. */
  readonly params?: RefusalParams
}

/**
 * What it takes to write a refusal's sentence in another language: limits, and names from the API itself, never anything
 * that the client sent.
 *
 * - `bad-query`, `bad-body`: `keyword` is the rule of JSON Schema that was broken. For `additionalProperties`, `known`
 *   lists the keys that are known; otherwise `name` is the key (`buffer/bytes` for a nested one, absent for the whole), and
 *   the rule's own value stands under `limit`, `type`, `pattern`, `missingProperty` or `allowedValues`.
 * - `bad-headers`: `name` of the header.
 * - `method-not-allowed`: `methods`. `no-such-file`: `files`. `reserved-type`: `types`.
 * - `bad-type`: `maxLength`. `data-too-large`, `say-too-long`, `head-too-large`: `maxBytes`.
 * - `unreadable-run`: `reason`, which is one of `run-head.ts`, and what that one needs.
 */
export type RefusalParams = Readonly<Record<string, number | string | readonly string[]>>

export interface Health {
  readonly ready: boolean
  readonly epoch: string
  readonly top: number
  /** `null` if there is no link: the lanes then use the page's own origin. */
  readonly link: { readonly port: number } | null
}

/** What crossed the sockets for one technique. */
export interface Traffic {
  readonly connections: number
  readonly requests: number
  readonly deliveries: number
  readonly bytesIn: number
  /** Event texts. */
  readonly payloadBytesOut: number
  /** Response heads, upgrade answers included. */
  readonly headerBytesOut: number
  /** Everything else: batch brackets, SSE field names, frame headers, control messages. */
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

/** What `/control` sends. `client` is the traffic of the reader that was named when the socket was opened. */
export type ControlMessage =
  | { readonly stats: Stats; readonly client?: TechniqueTraffic }
  | { readonly pong: number; readonly at: number }
export interface ControlPing {
  readonly ping: number
}

/** The `node:diagnostics_channel` of the source: a `PublishMessage` before each publish that was due at an instant. */
export const PUBLISH_CHANNEL = 'push-lab.publish'
export interface PublishMessage {
  /** How late it is, never negative. */
  readonly scheduleLagMs: number
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
 * `GET` and `PUT /api/link`: what the link does to its connections. A condition that is not named is off, even if it was
 * on before: `{}` clears the link.
 */
export interface LinkConditions {
  /** 0 to 2,000, in each direction: a round trip takes twice that, and the first request of a connection one round trip more. */
  readonly delayMs?: number
  /** 0 to 1,000: each delay is drawn from `delayMs` ± this, never below 0. The order stays. */
  readonly jitterMs?: number
  /** 100 to 10^9, for each connection, towards the client. */
  readonly bytesPerSecond?: number
  /** Buffers like a proxy: holds the body of a response without a length until it has so many bytes (1 to 2^20), or its end. */
  readonly buffer?: {
    readonly bytes: number
    /** Does not buffer responses with `X-Accel-Buffering: no`; false if not given. */
    readonly honoursHeader?: boolean
  }
  /** Accepts connections and forwards nothing in either direction. */
  readonly blackhole?: boolean
  /** 1,000 to 600,000: closes a connection after so long without a byte. */
  readonly idleTimeoutMs?: number
  /** New requests are answered with this status and not forwarded. */
  readonly refuseStatus?: LinkRefusal
  /** 1 to 10^9: the connection is reset, or ended, after so many bytes towards the client. */
  readonly resetAfterBytes?: number
  readonly cutAfterBytes?: number
  /** 1 to 65,536: forwards slices of at most so many bytes, 5 ms apart, in both directions. */
  readonly sliceBytes?: number
}
export const LINK_REFUSALS = [502, 503, 504] as const
export type LinkRefusal = (typeof LINK_REFUSALS)[number]
