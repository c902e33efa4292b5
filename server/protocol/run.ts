/** A run of the bench as it is written to `run.json`, and as the API serves it. */
import type { Technique } from './techniques.ts'

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
