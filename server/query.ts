import { type ParsedUrlQuery, parse } from 'node:querystring'
import { createMemo } from './memo.ts'

/** How many queries are remembered: readers of one log stand at few places at a time. */
const QUERIES_KEPT = 64

/**
 * Parses queries (without the `?`) as Node does; a key that is repeated becomes a list. Readers who stand at the same
 * place ask with the same words, so what was parsed is kept for a while, frozen.
 */
export function createQueryParser(): (text: string) => Readonly<ParsedUrlQuery> {
  return createMemo(QUERIES_KEPT, (text: string) => Object.freeze(parse(text))).of
}
