/** The doubts of a run, numbered, so that each figure can refer to those that concern it. */
import { inOneSentence, patternOf } from '../../client/run/alike-reasons.ts'
import type { SummaryRow } from '../../server/protocol/run.ts'

export interface Notes {
  /** In order, from 1. */
  readonly texts: readonly string[]
  numbersOf(row: SummaryRow): number[]
}

/** More figures of one arm than this are counted instead of named. */
const NAMED = 4

interface Note {
  /** Every reason that is the same but for its numbers. */
  readonly reasons: string[]
  /** Arm → its metrics. */
  readonly concerns: Map<string, string[]>
}

/** Reasons that differ in their numbers only are one note. */
export function collectNotes(summary: readonly SummaryRow[]): Notes {
  const notes = new Map<string, Note>()
  for (const row of summary) {
    for (const reason of row.reasons) {
      const note = notes.get(patternOf(reason)) ?? { reasons: [], concerns: new Map<string, string[]>() }
      notes.set(patternOf(reason), note)
      note.reasons.push(reason)
      const arm = [row.scenario, row.arm, row.at ?? ''].filter(word => word !== '').join(' ')
      const metrics = note.concerns.get(arm) ?? []
      if (!metrics.includes(row.metric)) note.concerns.set(arm, [...metrics, row.metric])
    }
  }
  const keys = [...notes.keys()]
  return {
    texts: [...notes.values()].map(textOf),
    numbersOf: ({ reasons }) =>
      [...new Set(reasons.map(reason => keys.indexOf(patternOf(reason)) + 1))]
        .filter(number => number > 0)
        .sort((a, b) => a - b),
  }
}

/** `The host took 2.5–3.7 % of the machine's time for others. Concerns delivery sse (wire-down).` */
function textOf({ reasons, concerns }: Note): string {
  const arms = [...concerns].map(
    ([arm, metrics]) =>
      `${arm} (${metrics.length > NAMED ? `${metrics.length} figures` : metrics.join(', ')})`,
  )
  return `${inOneSentence(reasons)} Concerns ${arms.join('; ')}.`
}
