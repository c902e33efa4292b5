import type { SummaryRow } from '../../server/protocol/run.ts'
import { factKind, mergeFacts } from './merge-facts.ts'
import { factSentence } from './text/en.ts'

/** Why figures of one table are doubted: each reason once, with a letter that its figures are marked with. */
export interface Notes {
  readonly list: readonly Note[]
  /** The notes of one figure. */
  of(row: SummaryRow): readonly Note[]
}

export interface Note {
  readonly letter: string
  /** A sentence. */
  readonly text: string
}

/** Letters go by the order in which the figures are shown. Facts of one kind are one note, with the range of their numbers. */
export function notesOf(rows: readonly SummaryRow[]): Notes {
  const notes = new Map(
    mergeFacts(rows.flatMap(doubtsOf)).map((fact, index) => [
      factKind(fact),
      { letter: letterOf(index), text: factSentence(fact) },
    ]),
  )
  return {
    list: [...notes.values()],
    of(row) {
      const kinds = new Set(doubtsOf(row).map(factKind))
      return [...notes].flatMap(([kind, note]) => (kinds.has(kind) ? [note] : []))
    },
  }
}

function doubtsOf({ verdict, reasons }: SummaryRow) {
  return verdict === 'ok' ? [] : reasons
}

/** a … z, aa, ab … */
function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter
}
