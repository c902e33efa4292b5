import type { SummaryRow } from '../../../server/protocol.ts'

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

/** A number by itself, not one within an address or a version. */
const NUMBER = /(?<![\w.:-])\d+(?:\.\d+)?(?![\w:-]|\.\d)/g

/**
 * Letters go by the order in which the figures are shown. Reasons that differ in one number only are one doubt: eight
 * trials give eight shares.
 */
export function footnotesOf(rows: readonly SummaryRow[]): Footnotes {
  const alike = new Map<string, string[]>()
  for (const reason of rows.flatMap(reasonsOf)) {
    alike.set(kindOf(reason), [...(alike.get(kindOf(reason)) ?? []), reason])
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
  return reason.match(NUMBER)?.length === 1 ? reason.replace(NUMBER, '#') : reason
}

/** `The second half of the window cost more than the first (5.1–36 %).` */
function inOneSentence(reasons: readonly string[]): string {
  const [first = ''] = reasons
  if (kindOf(first) === first) return first
  const numbers = reasons.flatMap(reason => reason.match(NUMBER) ?? []).sort((a, b) => Number(a) - Number(b))
  const [low = '', high = ''] = [numbers[0], numbers.at(-1)]
  return first.replace(NUMBER, low === high ? low : `${low}–${high}`)
}

/** a … z, aa, ab … */
function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter
}
