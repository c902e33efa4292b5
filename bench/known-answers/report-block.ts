import type { Block } from '../report/block.ts'
import type { KnownAnswersOutcome } from './outcome.ts'
import type { Reading } from './reading.ts'

/** What a report says of the bench's tests of its own truth: when they ran last here, at which commit, what they read. */
export function knownAnswerBlocks(
  outcome: KnownAnswersOutcome | null | undefined,
  commit: string | null,
): Block[] {
  const heading: Block = { kind: 'heading', level: 2, text: 'Known answers' }
  // A run from before there were any.
  if (outcome === undefined) return []
  if (outcome === null) {
    const text = 'The tests of the bench’s own truth were not run here since the build (npm test runs them).'
    return [heading, { kind: 'paragraph', text }]
  }
  return [
    heading,
    {
      kind: 'paragraph',
      text: `Effects of known size were planted into the server, and the bench had to read them. Last run ${outcome.takenAt.slice(0, 16)}Z ${placeOf(outcome, commit)}.`,
    },
    {
      kind: 'table',
      columns: ['planted', 'what is read', 'to be read', 'read', 'read without', ''],
      rows: outcome.answers.flatMap(({ title, readings }) =>
        readings.map(reading => [
          title,
          `${reading.title}, ${reading.unit}`,
          `${number(reading.planted)}${reading.tolerance === 0 ? '' : ` ± ${number(reading.tolerance)}`}`,
          number(reading.read),
          number(reading.without),
          verdictOf(reading),
        ]),
      ),
      cells: 'words',
    },
  ]
}

function placeOf({ commit, dirty }: KnownAnswersOutcome, now: string | null): string {
  const at = commit === null ? 'outside of a commit' : `at commit ${commit}${dirty ? ', changed' : ''}`
  return commit === now ? at : `${at}, which is not the one that was measured`
}

function verdictOf({ verdict, pairs }: Reading): string {
  return pairs === 1 ? verdict : `${verdict}, ${pairs} pairs`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
