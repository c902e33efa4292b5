/** What theory says of a figure, beside the figure. */
import { median } from 'simple-statistics'
import type { SummaryRow } from '../../server/protocol/run.ts'
import type { Trial } from '../judge/result.ts'
import { armsOf } from '../judge/series.ts'
import { isMetricId, METRICS } from '../scenarios/metrics.ts'
import type { Block } from './block.ts'
import { figureCell, findRow, formatNumber } from './figure.ts'
import type { Notes } from './notes.ts'

const WHAT_IT_SAYS =
  'A poll waits for half its interval and half a round trip, a stream for half a round trip. So does a long poll, but an event that falls between its answer and its next ask waits for half a round trip more, on average. A poll asks by the clock, a long poll once for each answer. The round trip, the events per second and the schedule lag of the source, which comes on top, are those of the same windows.'

export function predictionBlocks(
  trials: readonly Trial[],
  scenario: string,
  rows: readonly SummaryRow[],
  notes: Notes,
): Block[] {
  const groups = armsOf(trials.filter(trial => trial.scenario === scenario && trial.as === null))
  const lines = groups.flatMap(group =>
    group.slice(0, 1).flatMap(({ arm, at }) =>
      predictedIn(group).map(id => {
        const predicted = median(group.flatMap(trial => trial.predictions[id] ?? []))
        const row = findRow(rows, scenario, arm, at, id)
        return [
          at === null ? arm : `${arm}, ${at}`,
          `${METRICS[id].title}, ${METRICS[id].unit}`,
          formatNumber(predicted),
          figureCell(row, notes),
          differenceOf(row?.value ?? null, predicted),
        ]
      }),
    ),
  )
  if (lines.length === 0) return []
  return [
    { kind: 'heading', level: 3, text: 'What theory says' },
    { kind: 'paragraph', text: WHAT_IT_SAYS },
    {
      kind: 'table',
      columns: ['technique', 'metric', 'predicted', 'measured', 'difference'],
      rows: lines,
      cells: 'words',
    },
  ]
}

function predictedIn(group: readonly Trial[]) {
  return [...new Set(group.flatMap(({ predictions }) => Object.keys(predictions)))].filter(isMetricId)
}

function differenceOf(measured: number | null, predicted: number): string {
  if (measured === null) return '—'
  const percent = (measured / predicted - 1) * 100
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`
}
