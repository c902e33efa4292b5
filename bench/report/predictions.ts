/** What theory says of a figure, beside the figure. */
import { median } from 'simple-statistics'
import type { SummaryRow } from '../../server/protocol.ts'
import { isMetricId, METRICS } from '../metric.ts'
import type { Trial } from '../result.ts'
import { armsOf } from '../series.ts'
import type { Block } from './block.ts'
import { figureCell, findRow, formatNumber } from './figure.ts'
import type { Notes } from './notes.ts'

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
        const figure = figureCell(findRow(rows, scenario, arm, at, id), notes)
        return [
          at === null ? arm : `${arm}, ${at}`,
          `${METRICS[id].title}, ${METRICS[id].unit}`,
          formatNumber(predicted),
          figure,
        ]
      }),
    ),
  )
  if (lines.length === 0) return []
  return [
    { kind: 'heading', level: 3, text: 'What theory says' },
    { kind: 'table', columns: ['technique', 'metric', 'predicted', 'measured'], rows: lines, cells: 'words' },
  ]
}

function predictedIn(group: readonly Trial[]) {
  return [...new Set(group.flatMap(({ predictions }) => Object.keys(predictions)))].filter(isMetricId)
}
