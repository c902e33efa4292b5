import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Clock } from '../clock.ts'
import { clientAddressOf } from '../gate/client-address.ts'
import { ignoredQuery } from '../gate/query.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Policy } from '../policy.ts'
import type { Technique } from '../protocol/techniques.ts'
import { CLIENT_NAME, type Cursor, type CursorWord, formatCursor, parseCursor } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { Say, Speaker } from '../sources/say.ts'

/** A room: where one technique reads the log for its readers. */
export interface TechniqueServer {
  /** The technique in a sentence of *since* and *follow*. */
  readonly sentence: string
  /** Its endpoint is opened by an upgrade. */
  readonly upgrades: boolean
  /** Opens the technique's endpoint and returns what is behind it. */
  open(app: FastifyInstance, context: TechniqueContext): TechniqueHandle
}

export interface TechniqueHandle {
  /** Readers who are now held or followed; 0 when nobody is there, or something leaks. */
  readonly readers: number
  /** Sends everybody home, as the protocol says goodbye; resolves once they have been told. */
  drain(): Promise<void>
}

/** What all technique servers share. */
export interface TechniqueContext {
  readonly log: EventLog
  readonly clock: Clock
  readonly policy: Policy
  readonly say: Say
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The address of the client at the link's other end, null if it did not come by the link: `ip` is the link's own. */
    linkClient: string | null
  }
  interface FastifyContextConfig {
    /** On whose behalf this route's bytes cross; none: page, API and control. */
    technique?: Technique
    /** This route may be asked to become a WebSocket; any other would be hung up on only after the upgrade. */
    upgrades?: boolean
    /**
     * Whom this route is for: `readers` ask by the page's port and by the link, from the lab's own page or as no browser
     * at all; a `page`, or a part of one, may be linked to from anywhere, and loaded as any part of the page. What
     * declares nothing is for the lab's own page and for programs, by the page's port.
     */
    serves?: 'readers' | 'page'
  }
}

/** The query that every endpoint understands. Others add their own keys; any further key is refused. */
export const endpointQuery = {
  cursor: Type.Optional(Type.String()),
  client: Type.Optional(Type.String({ pattern: CLIENT_NAME.source })),
  ...ignoredQuery,
}
export interface EndpointQuery {
  readonly lastEventId?: string
  readonly cursor?: string
  readonly client?: string
}

/** Where a reader asks to stand: a cursor or one of the two words for one. */
export type Place = Cursor | CursorWord

/** Reads a place out of a cursor's text; no text is `now`. Throws the `bad-cursor` refusal. */
export function readPlace(text: string | undefined): Place {
  if (text === undefined || text === 'now') return 'now'
  if (text === 'earliest') return text
  const cursor = parseCursor(text)
  if (cursor !== null) return cursor
  throw new Refusal(
    400,
    'bad-cursor',
    'Give a cursor as you received it, or the word now, or earliest, or none.',
  )
}

/** The cursor that a place stands for at this instant. A cursor is left as it is, even if it is stale. */
export function cursorOf(place: Place, log: EventLog): Cursor {
  if (place === 'now') return { epoch: log.epoch, seq: log.top }
  if (place === 'earliest') return { epoch: log.epoch, seq: log.oldest - 1 }
  return place
}

/** A query's `cursor`, as it was written. */
export function askedOf(request: FastifyRequest): string | undefined {
  return (request.query as EndpointQuery).cursor
}

/** A query's `cursor` as the endpoint's technique servers use it. */
export function placeOf(request: FastifyRequest): Place {
  return readPlace(askedOf(request))
}

/**
 * Where a reader of the event stream resumes: from the `Last-Event-ID` header, else from the query's `lastEventId`, which
 * several libraries send in its place, else from its `cursor`. An empty one is none: some send it before the first event.
 */
export function resumePlaceOf(request: FastifyRequest): Place {
  const { lastEventId } = request.query as EndpointQuery
  const last = String(request.headers['last-event-id'] ?? '') || lastEventId || undefined
  return last === undefined ? placeOf(request) : readPlace(last)
}

/** Answers whoever asks a WebSocket's endpoint without an upgrade. */
export async function demandUpgrade(): Promise<never> {
  throw new Refusal(426, 'upgrade-required', 'Open this endpoint as a WebSocket.')
}

export function etag(cursor: Cursor): string {
  return `"${formatCursor(cursor)}"`
}

/** Whom the limits of `say` count. */
export function speakerOf(request: FastifyRequest): Speaker {
  return { address: clientAddressOf(request), name: (request.query as EndpointQuery).client ?? null }
}
