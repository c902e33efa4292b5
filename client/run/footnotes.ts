import type { SummaryRow } from '../../server/protocol/run.ts'
import { inOneSentence, numbersIn, patternOf } from './alike-reasons.ts'

/** The doubts of one table: each once, with a letter that its figures are marked with. */
export interface Footnotes {
  readonly notes: readonly Footnote[]
  /** The notes of one figure, by their letters. */
  of(row: SummaryRow): readonly Footnote[]
}

export interface Footnote {
  readonly letter: string
  readonly reason: string
}

/** Letters go by the order in which the figures are shown. Reasons that differ in one number only are one doubt. */
export function footnotesOf(rows: readonly SummaryRow[]): Footnotes {
  const alike = new Map<string, string[]>()
  for (const reason of rows.flatMap(reasonsOf)) {
    const kind = kindOf(reason)
    alike.set(kind, [...(alike.get(kind) ?? []), reason])
  }
  const byKind = new Map(
    [...alike].map(([kind, reasons], index) => [
      kind,
      { letter: letterOf(index), reason: inOneSentence(reasons) },
    ]),
  )
  return {
    notes: [...byKind.values()],
    of(row) {
      const kinds = new Set(reasonsOf(row).map(kindOf))
      return [...byKind].flatMap(([kind, note]) => (kinds.has(kind) ? [note] : []))
    },
  }
}

function reasonsOf({ verdict, reasons }: SummaryRow): readonly string[] {
  return verdict === 'ok' ? [] : reasons
}

/** With several numbers it is the reason itself: ranges of each would bring together what was never one case. */
function kindOf(reason: string): string {
  return numbersIn(reason).length === 1 ? patternOf(reason) : reason
}

/** a … z, aa, ab … */
function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter
}
