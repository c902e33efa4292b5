import { RUN_SCHEMA, type Run, type RunTrial, type SummaryRow } from '../../../server/protocol.ts'

/** A run as the page knows it, and whether it was written to a schema of another time. */
export interface KnownRun extends Run {
  readonly age: 'older' | 'present' | 'newer'
}

/**
 * What was read, with all that an older schema lacks in its place: nothing measured is `null`, nothing listed is empty.
 * A run is never refused for its age: what it has is shown.
 */
export function knownRun(read: Partial<Run>): KnownRun {
  const schema = read.schema ?? 0
  return {
    schema,
    age: schema === RUN_SCHEMA ? 'present' : schema < RUN_SCHEMA ? 'older' : 'newer',
    id: read.id ?? '',
    startedAt: read.startedAt ?? '',
    tier: read.tier ?? '',
    complete: read.complete ?? true,
    provenance: read.provenance ?? {},
    caveats: read.caveats ?? [],
    summary: (read.summary ?? []).map(knownRow),
    comparisons: read.comparisons ?? [],
    bands: read.bands ?? [],
    questions: read.questions ?? {},
    trials: (read.trials ?? []).map(knownTrial),
  }
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
