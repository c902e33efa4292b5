/** One goal that the project set itself, and what a run measured of it. */
import type { Arm, Interval, SummaryRow } from '../../server/protocol/run.ts'
import type { BenchRun } from '../judge/result.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { Cell } from './block.ts'
import { figureCell, findRow } from './figure.ts'
import type { Notes } from './notes.ts'

export interface Goal {
  readonly text: string
  /** Where it depends on something else that was measured: a function of the run, `null` without that. */
  readonly limit: number | ((run: BenchRun) => number | null)
  readonly unit: string
  /** `at least` for what should be large. */
  readonly bound: 'at most' | 'at least'
  /** `null`: this run did not measure it. */
  measure(run: BenchRun, notes: Notes): Measured | null
}

export interface Measured {
  readonly figure: string | Cell
  readonly value: number | null
  readonly interval: Interval | null
  /** Missed whatever the figure says: something was lost, and to be complete is part of the goal. */
  readonly lossy?: boolean
  /** Where it was measured otherwise than the goal says. */
  readonly remark?: string
}

export function measuredIn(row: SummaryRow | undefined, notes: Notes): Measured | null {
  return row === undefined
    ? null
    : { figure: figureCell(row, notes), value: row.value, interval: row.interval }
}

/** The same of a goal that is met by nothing less than every event at every reader. */
export function completeIn(row: SummaryRow | undefined, notes: Notes): Measured | null {
  const measured = measuredIn(row, notes)
  const lossy = row?.reasons.some(reason => reason.startsWith('lossy:')) ?? false
  return measured && { ...measured, lossy }
}

/** The figures of an arm where so many events went to so many readers, in whatever scenario; if it failed, that it did. */
export function rowsAt(
  { trials, summary }: BenchRun,
  arm: Arm,
  axes: { readonly eventsPerSecond: number; readonly readers: number },
): (metric: MetricId) => SummaryRow | undefined {
  const trial = trials.find(
    ({ arm: own, axes: { eventsPerSecond, readers } }) =>
      own === arm && eventsPerSecond === axes.eventsPerSecond && readers === axes.readers,
  )
  return metric =>
    trial &&
    (findRow(summary, trial.scenario, trial.arm, trial.at, metric) ??
      findRow(summary, trial.scenario, trial.arm, trial.at, 'any'))
}

export function formatCount(count: number): string {
  return count.toLocaleString('en')
}
