import type { SummaryRow } from '../../../server/protocol.ts'

/** The doubts of one scenario: each reason once, with a letter that its figures are marked with. */
export interface Footnotes {
  readonly notes: readonly Footnote[]
  /** The notes of one figure, in the order of its reasons. */
  of(row: SummaryRow): readonly Footnote[]
}

export interface Footnote {
  readonly letter: string
  readonly reason: string
}

/** Letters go by the order in which the figures are shown. */
export function footnotesOf(rows: readonly SummaryRow[]): Footnotes {
  const reasons = [...new Set(rows.flatMap(row => (row.verdict === 'ok' ? [] : row.reasons)))]
  const notes = reasons.map((reason, index) => ({ letter: letterOf(index), reason }))
  const byReason = new Map(notes.map(note => [note.reason, note]))
  return {
    notes,
    of: row =>
      row.verdict === 'ok' ? [] : [...new Set(row.reasons)].flatMap(reason => byReason.get(reason) ?? []),
  }
}

/** a … z, aa, ab … */
function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter
}
