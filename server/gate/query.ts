import { type ParsedUrlQuery, parse } from 'node:querystring'
import Type from 'typebox'
import { createMemo } from '../memo.ts'

/**
 * Readers of one log stand at few places at a time, and their queries are short. V8 keeps the whole request target alive
 * for a part of it, which a request's head bounds: 64 times 20 kB at most.
 */
const KEPT = { count: 64, bytes: 16 * 1024, bytesOf: (text: string) => text.length }

/**
 * Parses queries (without the `?`) as Node does; a key that is repeated becomes a list. Readers who stand at the same
 * place ask with the same words, so what was parsed is kept for a while, frozen.
 */
export function createQueryParser(): (text: string) => Readonly<ParsedUrlQuery> {
  return createMemo((text: string) => Object.freeze(parse(text)), KEPT).of
}

/**
 * What clients add to a query by themselves: against caches (`_` is jQuery's), and in place of a `Last-Event-ID` header
 * that they cannot set. No route refuses them; only the event stream reads `lastEventId`.
 */
export const ignoredQuery = {
  _: Type.Optional(Type.Unknown()),
  t: Type.Optional(Type.Unknown()),
  ts: Type.Optional(Type.Unknown()),
  cb: Type.Optional(Type.Unknown()),
  lastEventId: Type.Optional(Type.String()),
}

/** The schema of a route that takes no query. */
export const noQuery = { querystring: Type.Object(ignoredQuery, { additionalProperties: false }) } as const
/** The methods of whatever can be read. HEAD is answered as GET, without the body (RFC 9110 §9.3.2). */
export const READ = ['GET', 'HEAD'] as const

/** The keys of a query schema that a client is told of. */
export function knownKeys(properties: object): string[] {
  return Object.keys(properties).filter(key => !Object.hasOwn(ignoredQuery, key))
}
