import type { SummaryRow } from '../../../server/protocol/run.ts'
import { footnotesOf } from '../../run/footnotes.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'

/** The doubts about the figures of one table: marks beside the figures, the reasons in a list below them. */
export interface FigureNotes {
  /** Verdict and marks of one figure; empty where there is no doubt. */
  marks(row: SummaryRow): readonly Node[]
  /** To be made when all marks are: the way back leads to the first figure of each. */
  list(): readonly HTMLElement[]
}

/** `rows` in the order in which they are shown; `table` tells the addresses within the page apart. */
export function createFigureNotes(table: string, rows: readonly SummaryRow[]): FigureNotes {
  const footnotes = footnotesOf(rows)
  const marked = new Set<string>()
  const noteId = (letter: string) => `note-${table}-${letter}`
  const markId = (letter: string) => `mark-${table}-${letter}`

  return { marks, list }

  function marks(row: SummaryRow): readonly Node[] {
    if (row.verdict === 'ok') return []
    const links = footnotes.of(row).map(({ letter }) => {
      const first = !marked.has(letter)
      marked.add(letter)
      return element(
        'a',
        {
          class: 'mark',
          href: `#${noteId(letter)}`,
          'aria-label': runText.note(letter),
          ...(first && { id: markId(letter) }),
        },
        letter,
      )
    })
    return [element('small', { class: 'verdict' }, runText.verdict[row.verdict], ' ', ...links)]
  }

  function list(): readonly HTMLElement[] {
    if (footnotes.notes.length === 0) return []
    const items = footnotes.notes.map(({ letter, reason }) =>
      element(
        'li',
        { id: noteId(letter), tabindex: -1 },
        element('b', {}, letter),
        element('span', {}, reason),
        element('a', { class: 'mark', href: `#${markId(letter)}`, 'aria-label': runText.back(letter) }, '↩'),
      ),
    )
    return [element('ul', { class: 'notes', 'aria-label': runText.notes }, ...items)]
  }
}
