import { type ParsedUrlQuery, parse } from 'node:querystring'

/**
 * Parses queries (without the `?`) as Node does; a key that is repeated becomes a list. Readers who stand at the same
 * place ask with the same words, so what was parsed last is kept, frozen.
 */
export function createQueryParser(): (text: string) => Readonly<ParsedUrlQuery> {
  let lastText = ''
  let last: Readonly<ParsedUrlQuery> = Object.freeze(parse(''))

  return text => {
    if (text !== lastText) {
      lastText = text
      last = Object.freeze(parse(text))
    }
    return last
  }
}
