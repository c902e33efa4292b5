/** Answers made once for each question, until there are too many or they are forgotten. */
export interface Memo<Question, Answer> {
  /** Throws what making the answer throws; nothing is remembered then. */
  of(question: Question): Answer
  forget(): void
}

/** Holds at most so many answers: one more, and it begins anew. */
export function createMemo<Question, Answer>(
  most: number,
  make: (question: Question) => Answer,
): Memo<Question, Answer> {
  const answers = new Map<Question, Answer>()

  return {
    of(question) {
      const known = answers.get(question)
      if (known !== undefined) return known
      if (answers.size >= most) answers.clear()
      const answer = make(question)
      answers.set(question, answer)
      return answer
    },
    forget: () => answers.clear(),
  }
}
