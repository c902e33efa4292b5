import { type ParsedUrlQuery, parse } from 'node:querystring'
import Type from 'typebox'
import { createMemo } from '../memo.ts'

/**
 * Readers of one log are at few cursors at a time, and their queries are short. V8 keeps the whole request target alive for
 * a part of it, and a request's head limits that: 64 times 20 kB at most.
 */
const KEPT = { count: 64, bytes: 16 * 1024, bytesOf: (text: string) => text.length }

/**
 * Parses queries (without the `?`) as Node does; a repeated key becomes a list. Readers at the same cursor send the same
 * query, so the parsed object is remembered for a while, frozen.
 */
export function createQueryParser(): (text: string) => Readonly<ParsedUrlQuery> {
  return createMemo((text: string) => Object.freeze(parse(text)), KEPT).of
}

/**
 * The keys that clients add by themselves: against caches (`_` is jQuery's), and instead of a `Last-Event-ID` header that
 * they cannot set. No route refuses them; only the event stream reads `lastEventId`.
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
/** The methods of every route that can be read. HEAD is answered like GET, without the body (RFC 9110 §9.3.2). */
export const READ = ['GET', 'HEAD'] as const

/** The keys of a query schema that a refusal names. */
export function knownKeys(properties: object): string[] {
  return Object.keys(properties).filter(key => !Object.hasOwn(ignoredQuery, key))
}
