import { type ParsedUrlQuery, parse } from 'node:querystring'

/** How many queries are remembered: readers of one log stand at few places at a time. */
const QUERIES_KEPT = 64

/**
 * Parses queries (without the `?`) as Node does; a key that is repeated becomes a list. Readers who stand at the same
 * place ask with the same words, so what was parsed is kept for a while, frozen.
 */
export function createQueryParser(): (text: string) => Readonly<ParsedUrlQuery> {
  const parsed = new Map<string, Readonly<ParsedUrlQuery>>()

  return text => {
    const known = parsed.get(text)
    if (known !== undefined) return known
    if (parsed.size >= QUERIES_KEPT) parsed.clear()
    const query = Object.freeze(parse(text))
    parsed.set(text, query)
    return query
  }
}
