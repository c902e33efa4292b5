/** Answers made once for each question, until there are too many or they are forgotten. */
export interface Memo<Question, Answer> {
  /** Throws what making the answer throws; nothing is remembered then. */
  of(question: Question): Answer
  forget(): void
}

/** How much a memo holds: the questions may be a stranger's, in number as in length. */
export interface MemoLimits<Question, Answer> {
  readonly count: number
  readonly bytes: number
  /** Roughly the bytes that it takes to remember this answer. */
  readonly bytesOf: (question: Question, answer: Answer) => number
}

/** Beyond its limits it begins anew; what alone is beyond them is made each time. */
export function createMemo<Question, Answer>(
  make: (question: Question) => Answer,
  limits: MemoLimits<Question, Answer>,
): Memo<Question, Answer> {
  const answers = new Map<Question, Answer>()
  let heldBytes = 0

  return { of, forget }

  function of(question: Question): Answer {
    const known = answers.get(question)
    if (known !== undefined) return known
    const answer = make(question)
    const bytes = limits.bytesOf(question, answer)
    if (bytes > limits.bytes) return answer
    if (answers.size >= limits.count || heldBytes + bytes > limits.bytes) forget()
    answers.set(question, answer)
    heldBytes += bytes
    return answer
  }

  function forget(): void {
    answers.clear()
    heldBytes = 0
  }
}
