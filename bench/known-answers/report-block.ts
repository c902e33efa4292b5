import type { Block } from '../report/block.ts'
import { type AnswerOutcome, answersOf, type KnownAnswersOutcome, type Occasion } from './outcome.ts'
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
  const answers = answersOf(outcome)
  const differ = new Set(answers.flatMap(({ occasion }) => (occasion ? placeOf(occasion) : []))).size > 1
  return [
    heading,
    {
      kind: 'paragraph',
      text: [
        'Effects of known size were injected, and the bench had to read them.',
        differ ? 'Not all were read at the same commit: each says at which.' : lastRead(answers, commit),
        unreadSentence(answers),
      ]
        .filter(sentence => sentence !== null)
        .join(' '),
    },
    {
      kind: 'table',
      columns: [
        ...['injected', 'what is read', 'to be read', 'read', 'read without', ''],
        ...(differ ? ['when, and at which commit'] : []),
      ],
      rows: answers.flatMap(answer =>
        rowsOf(answer).map(cells => [
          answer.title,
          ...cells,
          ...(differ ? [answer.occasion ? whenAndWhere(answer.occasion, commit) : ''] : []),
        ]),
      ),
      cells: 'words',
    },
  ]
}

function lastRead(answers: readonly AnswerOutcome[], commit: string | null): string | null {
  const [last] = answers
    .flatMap(({ occasion }) => occasion ?? [])
    .sort((a, b) => b.takenAt.localeCompare(a.takenAt))
  return last === undefined ? null : `Last run ${whenAndWhere(last, commit)}.`
}

function unreadSentence(answers: readonly AnswerOutcome[]): string | null {
  const unread = answers.filter(
    ({ readings }) => readings.length === 0 || readings.some(({ verdict }) => verdict === 'too noisy'),
  )
  if (unread.length === 0) return null
  return `${unread.length} of ${answers.length} were not read: ${unread.map(({ title }) => title).join('; ')}.`
}

/** What stands behind the title. */
function rowsOf({ readings, occasion, failure }: AnswerOutcome): string[][] {
  if (readings.length === 0) {
    return [['', '', '', '', occasion ? `not read: ${failure}` : 'not read: not run since the build']]
  }
  return readings.map(reading => [
    `${reading.title}, ${reading.unit}`,
    `${number(reading.injected)}${reading.tolerance === 0 ? '' : ` ± ${number(reading.tolerance)}`}`,
    number(reading.read),
    number(reading.without),
    verdictOf(reading),
  ])
}

function whenAndWhere(occasion: Occasion, now: string | null): string {
  const other = occasion.commit === now ? '' : ', which is not the one that was measured'
  return `${occasion.takenAt.slice(0, 16)}Z ${placeOf(occasion)}${other}`
}

function placeOf({ commit, dirty }: Occasion): string {
  return commit === null ? 'outside of a commit' : `at commit ${commit}${dirty ? ', changed' : ''}`
}

function verdictOf({ verdict, pairs }: Reading): string {
  const said = verdict === 'too noisy' ? 'not read: too noisy' : verdict
  return pairs === 1 ? said : `${said}, ${pairs} pairs`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
