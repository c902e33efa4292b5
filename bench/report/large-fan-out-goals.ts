/** Ten thousand readers of one technique: all have every event, and in time for the machine that it is. */
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import { findRow } from './figure.ts'
import { completeIn, formatCount, type Goal, measuredIn, rowsAt } from './goal.ts'

const CROWD = { readers: 10_000, eventsPerSecond: 1 }
/** Where a bare write costs so much, the last of them may have the event so late; elsewhere in proportion. */
const COMPLETION_MS = 150
const FLOOR_US = 9

export const LARGE_FAN_OUT_GOALS: readonly Goal[] = TECHNIQUES.flatMap(technique => {
  const text = `${formatCount(CROWD.readers)} readers of ${technique}, 1 event/s`
  return [
    {
      text: `${text}: complete`,
      limit: 0,
      unit: 'lost',
      bound: 'at most',
      measure: (run, notes) => measuredIn(rowsAt(run, technique, CROWD)('lost'), notes),
    },
    {
      text: `${text}: p99 of completion, ${COMPLETION_MS} ms × floor ÷ ${FLOOR_US} µs`,
      limit: run => completionLimitMs(run, technique),
      unit: 'ms',
      bound: 'at most',
      measure(run, notes) {
        const rowOf = rowsAt(run, technique, CROWD)
        const completion = rowOf('completion-p99')
        const deliveries = rowOf('delivery-p99')
        if (completion?.value != null || deliveries?.value == null) return completeIn(completion, notes)
        const measured = completeIn(deliveries, notes)
        return (
          measured && { ...measured, remark: 'of all deliveries: that of completion takes 1,000 publishes' }
        )
      },
    },
  ] satisfies Goal[]
})

/** Only the streams have a floor of bare writes. */
function completionLimitMs({ summary }: BenchRun, technique: Technique): number | null {
  const floorUs = findRow(summary, 'delivery', 'tcp', null, `cpu-per-delivery-as-${technique}`)?.value ?? null
  return floorUs === null ? null : (COMPLETION_MS * floorUs) / FLOOR_US
}
