/**
 * A run of the bench, as `run.json` holds it and the API serves it: figures, facts and definitions, never a sentence.
 * Page, report and terminal make their sentences from it (`client/run/`), in one text file per language.
 */
import type { Technique } from './techniques.ts'

/** The schema that is written now. A run of another schema is not read: it is listed with the reason. */
export const RUN_SCHEMA = 3

/** The physical floors: bare sockets and a bare `node:http`. */
export const FLOORS = ['tcp', 'http'] as const
export type Floor = (typeof FLOORS)[number]
/** Who ran: a technique, or a floor. */
export type Arm = Technique | Floor

/** `ok`: believe it. `flagged`: read the reasons. `refused`: there is no number. `failed`: the trial broke. */
export type Verdict = 'ok' | 'flagged' | 'refused' | 'failed'

/**
 * Something that is so, as a code with its parameters: why a figure is refused, what a run must say of itself. Units
 * stand in the parameters' names (`share`, `lateMs`, `kb`). A list is a list of names or numbers, never of sentences.
 */
export interface Fact {
  /** kebab-case, e.g. `generator-bound`. */
  readonly code: string
  readonly params: Params
}
export type Params = Readonly<Record<string, Param>>
export type Param = string | number | boolean | null | Range | readonly (string | number)[]
/** From the smallest to the largest: what a number is where several trials gave the same fact. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** What a metric is, so that a reader of the run need not guess it from the name. */
export interface MetricDefinition {
  readonly unit: string
  /** Which way is better; `null` where neither is. */
  readonly better: 'lower' | 'higher' | null
  /** The table in which it stands. */
  readonly subject: MetricSubject
  /** Whether arms are held against each other by it. Parts of another metric, extremes and ratios are not. */
  readonly compares: boolean
}
export const METRIC_SUBJECTS = ['lateness', 'rate', 'cost', 'wire', 'rest'] as const
export type MetricSubject = (typeof METRIC_SUBJECTS)[number]

/** Where on the axis that a scenario sweeps: the axis by its name in the axes of a trial, and its value there. */
export interface Place {
  readonly axis: string
  readonly value: number
  /** A second axis: the readers, where the command line sweeps them in a scenario that has an axis of its own. */
  readonly and?: Place
}

/** Equal for equal places. */
export function placeKey(at: Place | null): string {
  return at === null ? '' : `${at.axis}=${at.value} ${placeKey(at.and ?? null)}`
}

/** In place of a metric: nothing was measured, so that one row stands for all metrics of its arm. */
export const ANY_METRIC = 'any'

/** One figure: one arm, one metric, over all its trials. A refused or failed measurement is a row too. */
export interface SummaryRow {
  readonly scenario: string
  readonly arm: Arm
  /** Of a floor: the technique whose bytes it sent. */
  readonly as: Technique | null
  /** `null` where the scenario sweeps no axis. */
  readonly at: Place | null
  /** A key of the run's `metrics`, or `ANY_METRIC`. */
  readonly metric: string
  /** The median over trials; `null` when refused or failed. */
  readonly value: number | null
  /** The truth is not below this value, or not above it: something else than the subject was the limit. */
  readonly bound: 'at-least' | 'at-most' | null
  /** The smallest and the largest trial; `null` where there is one trial only. */
  readonly low: number | null
  readonly high: number | null
  /** Where the value itself lies, with 95 % confidence (bootstrap over blocks); `null` with fewer than three trials. */
  readonly interval: Range | null
  /** Trials behind the value. */
  readonly n: number
  readonly verdict: Verdict
  /** Why it is not `ok`; one fact of a kind. Those about the floor of a ratio have the parameter `of: 'floor'`. */
  readonly reasons: readonly Fact[]
}

/** Two arms of one scenario held against each other, block by block. */
export interface Comparison {
  readonly scenario: string
  readonly at: Place | null
  readonly metric: string
  /** `ratio` is that of `arm` ÷ that of `reference`: the median over the blocks in which both were measured. */
  readonly arm: Arm
  readonly reference: Arm
  /** `null` where a side is zero. */
  readonly ratio: number | null
  readonly interval: Range | null
  /** Which side is zero in every block. */
  readonly zero: 'arm' | 'reference' | 'both' | null
  /** Blocks behind it. */
  readonly n: number
  /** How likely a ratio so far from 1 is between equals (permutation test); `null` with too few blocks. */
  readonly pValue: number | null
  /** A difference must exceed this to be claimed, as |ln ratio|: the A/A band, or 2 % where that is smaller. */
  readonly band: number
  readonly verdict: 'different' | 'no-difference' | 'not-claimed'
  /** Why nothing is claimed; `null` unless `not-claimed`. */
  readonly obstacle: Fact | null
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
  /** The code of the fact, if it is one: `generator-bound`, `bytes-down-disagree`. */
  readonly code: string
  readonly value: number | boolean | string | null
  /** Beyond or below what it is flagged and refused, by name. */
  readonly limits: Readonly<Record<string, number>>
  readonly verdict: Exclude<Verdict, 'failed'>
  /** What its sentence needs, the value included where it says it. */
  readonly params: Params
  /** The metrics that it speaks about. */
  readonly concerns: 'all' | readonly string[]
}

/** What one load process can take, measured against a server that costs next to nothing. */
export interface Calibration {
  readonly technique: Technique
  readonly payloadBytes: number
  /** The share of readers that parse every event. */
  readonly sentinelShare: number
  readonly deliveriesPerSecond: number
}

/** One trial, whatever became of it: a refused or failed one is a row with its reason, never a hole. */
export interface RunTrial {
  readonly scenario: string
  readonly arm: Arm
  readonly as: Technique | null
  readonly at: Place | null
  /** The reference arm's second trial in its block: for the A/A band, and for nothing else. */
  readonly twin: boolean
  /** From 1; and its turn within the block, from 1. */
  readonly block: number
  readonly turn: number
  readonly axes: Readonly<Record<string, unknown>>
  readonly verdict: Verdict
  /** Of its checks those that are not `ok`, as facts; of a failed trial the one that says how it failed. */
  readonly reasons: readonly Fact[]
  readonly checks: readonly TrialCheck[]
  /** Metric → what theory says of it, for these axes. */
  readonly predictions: Readonly<Record<string, number>>
  /** Events published in the window: the sample size of its percentiles. */
  readonly publishes: number | null
  /** Name → hdr-histogram, V2 compressed base64, microseconds; mergeable across trials. */
  readonly histograms: Readonly<Record<string, string>>
}

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
  /** What the load was compared with; empty in a quick run. */
  readonly calibration: readonly Calibration[]
  /** What the run must say of itself: a quick look, a dirty tree … */
  readonly caveats: readonly Fact[]
  /** Id → definition, in display order. */
  readonly metrics: Readonly<Record<string, MetricDefinition>>
  /** The scenarios of the run, in display order. */
  readonly scenarios: readonly string[]
  readonly summary: readonly SummaryRow[]
  /** Each arm against the scenario's reference arm. */
  readonly comparisons: readonly Comparison[]
  readonly bands: readonly NoiseBand[]
  readonly trials: readonly RunTrial[]
}

/** Fewer blocks than this, and no difference between two arms, or two runs, is claimed. */
export const BLOCKS_FOR_A_CLAIM = 8

export type RunSummary = Pick<Run, 'id' | 'startedAt' | 'tier' | 'complete'>
/** The codes of the reasons why a run cannot be shown. */
export const UNREADABLE_CODES = [
  'too-large',
  'not-json',
  'not-an-object',
  'too-much-at-top',
  'not-a-short-text',
  'not-a-boolean',
  'not-a-list',
  'not-an-object-member',
  'other-schema',
  'not-a-file',
  'being-written',
  'unreadable-file',
] as const
export type UnreadableCode = (typeof UNREADABLE_CODES)[number]
/** A run that cannot be shown. */
export interface UnreadableRun {
  readonly id: string
  readonly reason: Fact
}

/** `GET /api/results`: newest first. */
export interface ResultsList {
  readonly runs: readonly RunSummary[]
  readonly unreadable: readonly UnreadableRun[]
}

/** `GET /api/results/:id/:file`: what a run leaves behind, to keep. */
export const RUN_FILES = ['run.json', 'summary.csv', 'report.md', 'report.html'] as const
export type RunFile = (typeof RUN_FILES)[number]
