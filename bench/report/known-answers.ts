import { knownAnswer, readingTitle, runText } from '../../client/run/text/en.ts'
import type { AnswerOutcome, KnownAnswersOutcome, KnownReading, Occasion } from '../known-answers/outcome.ts'
import { type Block, tableBlock } from './block.ts'

const words = runText.knownAnswers

/** The bench's tests of itself: when they last ran on this machine, at which commit, and what they read. */
export function knownAnswerBlocks(outcome: KnownAnswersOutcome | null, commit: string | null): Block[] {
  const heading: Block = { kind: 'heading', level: 2, text: words.title }
  if (outcome === null) return [heading, { kind: 'paragraph', text: words.notRun }]
  const { answers } = outcome
  const occasions = answers.flatMap(({ occasion }) => occasion ?? [])
  const differ = new Set(occasions.map(placeOf)).size > 1
  const sentences = [
    words.intro,
    differ ? words.eachSays : lastRun(occasions, commit),
    unreadSentence(answers),
  ]
  return [
    heading,
    { kind: 'paragraph', text: sentences.filter(sentence => sentence !== null).join(' ') },
    tableBlock(
      'known-answers',
      [...words.columns, ...(differ ? [words.when] : [])],
      answers.flatMap(answer =>
        rowsOf(answer).map(cells => [
          titleOf(answer),
          ...cells,
          ...(differ ? [answer.occasion === null ? '' : whenAndWhere(answer.occasion, commit)] : []),
        ]),
      ),
    ),
  ]
}

function lastRun(occasions: readonly Occasion[], commit: string | null): string | null {
  const [last] = [...occasions].sort((a, b) => b.takenAt.localeCompare(a.takenAt))
  return last === undefined ? null : words.lastRun(whenAndWhere(last, commit))
}

function unreadSentence(answers: readonly AnswerOutcome[]): string | null {
  const unread = answers.filter(
    ({ readings }) => readings.length === 0 || readings.some(({ verdict }) => verdict === 'too-noisy'),
  )
  return unread.length === 0 ? null : words.unread(unread.length, answers.length, unread.map(titleOf))
}

/** The cells after the title, of each reading. */
function rowsOf({ readings, occasion, failure }: AnswerOutcome): string[][] {
  if (readings.length === 0) {
    return [['', '', '', '', occasion === null ? words.notSinceBuild : words.failed(failure)]]
  }
  return readings.map(reading => [
    `${readingTitle(reading.of)}, ${reading.unit}`,
    expectedOf(reading),
    number(reading.read),
    number(reading.without),
    words.verdict(reading.verdict, reading.pairs),
  ])
}

function expectedOf({ injected, tolerance }: KnownReading): string {
  return words.expected(number(injected), tolerance === 0 ? null : number(tolerance))
}

function titleOf({ id, params }: AnswerOutcome): string {
  return knownAnswer(id, params)
}

function whenAndWhere(occasion: Occasion, now: string | null): string {
  return words.occasion(occasion.takenAt, placeOf(occasion), occasion.commit !== now)
}

function placeOf({ commit, dirty }: Occasion): string {
  return words.place(commit, dirty)
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
