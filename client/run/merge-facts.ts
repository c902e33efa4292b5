/** Nine trials give nine shares, and one doubt: facts of one kind become one, its numbers ranges. */
import type { Fact, Param, Params, Range } from '../../server/protocol/run.ts'

/** Parameters that say what a fact is about: facts that differ in these, or in a flag, stay apart. */
const ABOUT = ['of', 'part', 'metric', 'scenario', 'needed']

/** Equal for facts that are merged. */
export function factKind({ code, params }: Fact): string {
  const about = Object.entries(params).filter(
    ([name, param]) => ABOUT.includes(name) || typeof param === 'boolean',
  )
  return JSON.stringify([code, ...about.sort(([a], [b]) => (a < b ? -1 : 1))])
}

/**
 * One fact of each kind, in the order in which the kinds first appear. What is the same in all stays as it is; numbers
 * that differ become a range, lists of numbers the range of all of them, and texts that differ a list of texts.
 */
export function mergeFacts(facts: readonly Fact[]): Fact[] {
  const kinds = new Map<string, Fact>()
  for (const fact of facts) {
    const kind = factKind(fact)
    const before = kinds.get(kind)
    kinds.set(
      kind,
      before === undefined ? fact : { code: fact.code, params: mergeParams(before.params, fact.params) },
    )
  }
  return [...kinds.values()]
}

function mergeParams(a: Params, b: Params): Params {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return Object.fromEntries(names.map(name => [name, mergeParam(a[name] ?? null, b[name] ?? null)]))
}

function mergeParam(a: Param, b: Param): Param {
  if (a === null || b === null) return a ?? b
  if (JSON.stringify(a) === JSON.stringify(b)) return a
  const [rangeOfA, rangeOfB] = [rangeOf(a), rangeOf(b)]
  if (rangeOfA !== null && rangeOfB !== null) {
    return { low: Math.min(rangeOfA.low, rangeOfB.low), high: Math.max(rangeOfA.high, rangeOfB.high) }
  }
  return [...new Set([...listOf(a), ...listOf(b)])]
}

function rangeOf(param: Param): Range | null {
  if (typeof param === 'number') return { low: param, high: param }
  if (isList(param)) {
    const numbers = param.filter(entry => typeof entry === 'number')
    return numbers.length > 0 && numbers.length === param.length
      ? { low: Math.min(...numbers), high: Math.max(...numbers) }
      : null
  }
  return typeof param === 'object' ? param : null
}

function listOf(param: Param): readonly (string | number)[] {
  if (isList(param)) return param
  return typeof param === 'string' || typeof param === 'number' ? [param] : []
}

function isList(param: Param): param is readonly (string | number)[] {
  return Array.isArray(param)
}
