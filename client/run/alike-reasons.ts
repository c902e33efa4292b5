/** Doubts in words that differ in their numbers: nine trials give nine shares, and one doubt. */

/** A number by itself, not one within an address or a version. */
const NUMBER = /(?<![\w.:-])\d+(?:\.\d+)?(?![\w:-]|\.\d)/g

export function numbersIn(reason: string): readonly string[] {
  return reason.match(NUMBER) ?? []
}

/** The same for all reasons that differ in their numbers only. */
export function patternOf(reason: string): string {
  return reason.replace(NUMBER, '#')
}

/**
 * Reasons of one pattern, each number from its smallest to its largest:
 * `The host took 2.5–3.7 % of the machine's time for others.`
 */
export function inOneSentence(reasons: readonly string[]): string {
  const numbers = reasons.map(numbersIn)
  let place = 0
  return (reasons[0] ?? '').replace(NUMBER, () => {
    const sorted = numbers.map(found => found[place] ?? '').sort((a, b) => Number(a) - Number(b))
    place++
    const [low, high] = [sorted[0] ?? '', sorted.at(-1) ?? '']
    return low === high ? low : `${low}–${high}`
  })
}
