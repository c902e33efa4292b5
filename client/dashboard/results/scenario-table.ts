import { type Arm, FLOORS, type Run, type SummaryRow, TECHNIQUES } from '../../../server/protocol.ts'

/** One scenario of a run as a table: arms down, metrics across. */
export interface ScenarioTable {
  readonly scenario: string
  readonly metrics: readonly { readonly metric: string; readonly unit: string }[]
  readonly rows: readonly { readonly arm: Arm; readonly cells: readonly (readonly SummaryRow[])[] }[]
}

/** The arms as the lab always orders them, the floors last. */
export const ARMS: readonly Arm[] = [...TECHNIQUES, ...FLOORS]

/**
 * Scenarios and metrics keep the order of the run. A cell holds every row there is for it: none is a hole that is
 * shown as one, and two would be a fault of the run that must not be hidden by showing only the last.
 */
export function scenarioTables(run: Run): readonly ScenarioTable[] {
  const scenarios = [...new Set(run.summary.map(row => row.scenario))]
  return scenarios.map(scenario => {
    const rows = run.summary.filter(row => row.scenario === scenario)
    const units = new Map(rows.map(row => [row.metric, row.unit]))
    const metrics = [...units].map(([metric, unit]) => ({ metric, unit }))
    const arms = ARMS.filter(arm => rows.some(row => row.arm === arm))
    return {
      scenario,
      metrics,
      rows: arms.map(arm => ({
        arm,
        cells: metrics.map(({ metric }) => rows.filter(row => row.arm === arm && row.metric === metric)),
      })),
    }
  })
}
