import { RUN_SCHEMA, type Run, type RunTrial, type SummaryRow } from '../../server/protocol/run.ts'

/** A run as the page knows it, and whether it was written to a schema of another time. */
export interface KnownRun extends Run {
  readonly age: 'older' | 'present' | 'newer'
}

/**
 * What was read, with all that an older schema lacks in its place: nothing measured is `null`, nothing listed is empty.
 * A run is never refused for its age: what it has is shown. Something else in the place of a text, a list or an object
 * counts as lacking.
 */
export function knownRun(read: Partial<Run>): KnownRun {
  const schema = typeof read.schema === 'number' ? read.schema : 0
  return {
    schema,
    age: schema === RUN_SCHEMA ? 'present' : schema < RUN_SCHEMA ? 'older' : 'newer',
    id: textOf(read.id),
    startedAt: textOf(read.startedAt),
    tier: textOf(read.tier),
    complete: read.complete ?? true,
    provenance: isObject(read.provenance) ? read.provenance : {},
    caveats: listOf(read.caveats).filter(caveat => typeof caveat === 'string'),
    summary: listOf(read.summary).filter(isObject).map(knownRow),
    comparisons: listOf(read.comparisons).filter(isObject),
    bands: listOf(read.bands).filter(isObject),
    questions: isObject(read.questions) ? read.questions : {},
    trials: listOf(read.trials).filter(isObject).map(knownTrial),
  }
}

function textOf(value: string | undefined): string {
  return typeof value === 'string' ? value : ''
}

function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NO_FIGURE = { at: null, value: null, low: null, high: null, interval: null, n: 0, reasons: [] }

function knownRow(row: SummaryRow): SummaryRow {
  return { ...NO_FIGURE, ...row }
}

const NO_MEASUREMENT = {
  as: null,
  at: null,
  twin: false,
  axes: {},
  reasons: [],
  checks: [],
  publishes: null,
  histograms: {},
}

function knownTrial(trial: RunTrial): RunTrial {
  return { ...NO_MEASUREMENT, ...trial }
}
