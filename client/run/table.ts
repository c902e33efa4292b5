/** A table as data: the page draws it, the report prints it. All its words are made. */
import type { Arm, Comparison, SummaryRow, Verdict } from '../../server/protocol/run.ts'
import { formatRatio, formatSpan, formatValue } from './format.ts'
import type { Note, Notes } from './notes.ts'
import type { Rank } from './ranking.ts'
import { runText } from './text/en.ts'

export interface Table {
  /** Tells its notes from those of other tables, within one document. */
  readonly id: string
  readonly caption: string | null
  /** What it is called where there is no caption to see. */
  readonly name: string
  /** The first names the rows. */
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** Why figures in it are doubted. */
  readonly notes: readonly Note[]
}

export interface Column {
  readonly text: string
  readonly unit?: string
  readonly metric?: string
}

export interface Row {
  readonly name: string
  /** Draws the arm's shape before the name. */
  readonly arm?: Arm
  /** A heading over this row and those behind it that have the same. */
  readonly group?: string | null
  readonly cells: readonly Cell[]
}

/** A string is words, and an empty one nothing at all; everything else says what it is. */
export type Cell = string | NumberCell | WordsCell | FigureCell

export interface NumberCell {
  readonly number: string
}

export interface WordsCell {
  readonly words: string
  /** Lines below it. */
  readonly small: readonly string[]
  readonly verdict?: Verdict
  readonly claim?: Comparison['verdict']
}

/** What was measured, once for each run. */
export interface FigureCell {
  readonly figures: readonly Figure[]
  /** Of the colour scale, e.g. `2` or `worse-2`. */
  readonly step?: string | number
  /** What is said of two runs together, before the figure of either. */
  readonly together?: { readonly standing: string; readonly ratio: string | null; readonly words: string }
}

export interface Figure {
  /** Which of two runs it is of. */
  readonly of: string | null
  /** `null` where there is no number. */
  readonly value: string | null
  /** Its ratio to the best, in words. */
  readonly rank: string | null
  /** From the smallest trial to the largest; `null` where they are the same. */
  readonly spread: string | null
  readonly interval: string | null
  readonly trials: string | null
  readonly verdict: Verdict
  readonly notes: readonly Note[]
}

export const numberCell = (number: string): NumberCell => ({ number })

/** `4.2`, or `≥ 4.2` where it is a bound. */
export function formatFigure({ value, bound }: Pick<SummaryRow, 'value' | 'bound'>): string | null {
  if (value === null) return null
  return `${bound === null ? '' : runText.bound[bound]}${formatValue(value)}`
}

export function figureOf(
  row: SummaryRow,
  notes: Notes,
  { of = null, rank = null }: { readonly of?: string | null; readonly rank?: Rank | null } = {},
): Figure {
  const { low, high, interval } = row
  const spread = low === null || high === null ? null : formatSpan({ low, high })
  return {
    of,
    value: formatFigure(row),
    rank: rank && rankText(rank),
    spread: spread === formatValue(row.value ?? Number.NaN) ? null : spread,
    interval: interval && runText.interval(formatSpan(interval)),
    trials: runText.trials(row.n),
    verdict: row.verdict,
    notes: notes.of(row),
  }
}

function rankText({ place, ratio }: Rank): string {
  return ratio === null ? runText.rank.bestIsZero : runText.rank[place](`${formatRatio(ratio)}×`)
}
