import { median } from 'simple-statistics'
import { placeKey, type Run, type RunTrial, type SummaryRow } from '../../server/protocol/run.ts'
import { findRow } from './figure-tables.ts'
import { formatValue } from './format.ts'
import { notesOf } from './notes.ts'
import { ARMS, comparePlaces } from './scenario-table.ts'
import { figureOf, numberCell, type Table } from './table.ts'
import { armName, metricTitle, placeLabel, runText, scenarioTitle } from './text/en.ts'

/** What theory predicts for figures of one scenario, beside the figures; `null` where it predicts none. */
export function theoryTable({ trials, summary, metrics }: Run, scenario: string): Table | null {
  const words = runText.theory
  const lines = groupsOf(
    trials.filter(trial => trial.scenario === scenario && trial.as === null && !trial.twin),
  )
    .flatMap(group => predictedIn(group))
    .map(line => ({ ...line, row: findRow(summary, { scenario, ...line }) }))
  if (lines.length === 0) return null
  const notes = notesOf(lines.flatMap(({ row }) => row ?? []))
  return {
    id: `${scenario}-theory`,
    caption: words.title,
    name: `${scenarioTitle(scenario)}: ${words.title.toLowerCase()}`,
    columns: [runText.arm, runText.metric, words.predicted, words.measured, words.difference].map(text => ({
      text,
    })),
    rows: lines.map(({ arm, at, metric, predicted, row }) => ({
      name: armName(arm),
      arm,
      group: at === null ? null : placeLabel(at),
      cells: [
        [metricTitle(metric), metrics[metric]?.unit ?? ''].filter(Boolean).join(', '),
        numberCell(formatValue(predicted)),
        row === undefined ? '' : { figures: [figureOf(row, notes)] },
        row?.value == null ? '' : numberCell(words.apart(row.value / predicted - 1)),
      ],
    })),
    notes: notes.list,
  }
}

type Line = Pick<SummaryRow, 'arm' | 'at' | 'metric'> & { readonly predicted: number }

/** The trials of each arm at each place. */
function groupsOf(trials: readonly RunTrial[]): readonly (readonly RunTrial[])[] {
  const groups = new Map<string, RunTrial[]>()
  for (const trial of trials) {
    const key = `${placeKey(trial.at)} ${trial.arm}`
    groups.set(key, [...(groups.get(key) ?? []), trial])
  }
  return [...groups.values()].sort(([a], [b]) =>
    a === undefined || b === undefined
      ? 0
      : comparePlaces(a.at, b.at) || ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm),
  )
}

function predictedIn(group: readonly RunTrial[]): readonly Line[] {
  const metrics = new Set(group.flatMap(({ predictions }) => Object.keys(predictions)))
  return group.slice(0, 1).flatMap(({ arm, at }) =>
    [...metrics].map(metric => ({
      arm,
      at,
      metric,
      predicted: median(group.flatMap(({ predictions }) => predictions[metric] ?? [])),
    })),
  )
}
