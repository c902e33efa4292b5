import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type TProperties } from 'typebox'
import type { Clock } from '../clock.ts'
import { clientAddressOf } from '../gate/client-address.ts'
import { ignoredQuery, READ } from '../gate/query.ts'
import type { EventLog } from '../log/event-log.ts'
import { type Place, readPlace } from '../log/place.ts'
import type { Policy } from '../policy.ts'
import { type Technique, traitsOf } from '../protocol/techniques.ts'
import { CLIENT_NAME } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { Say, Speaker } from '../sources/say.ts'

/** Opens a technique's endpoint: the server's half of one technique. */
export type OpenTechnique = (app: FastifyInstance, context: TechniqueContext) => TechniqueHandle

export interface TechniqueHandle {
  /** Readers that are now held or followed. Not 0 when nobody is connected means a leak. */
  readonly readers: number
  /** Ends every answer and stream as the protocol prescribes; resolves once the readers have been told. */
  drain(): Promise<void>
}

/** What all techniques share. */
export interface TechniqueContext {
  readonly log: EventLog
  readonly clock: Clock
  readonly policy: Policy
  readonly say: Say
}

/** The query that every endpoint understands. Any other key is refused, unless the endpoint adds it. */
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

/** The route of a technique, as its traits have it. The technique's file adds the handler, and its own query if it has one. */
export function routeOf(technique: Technique, ownQuery: TProperties = {}) {
  const { endpoint: url, upgrades, mediaType, laterBy } = traitsOf(technique)
  const querystring = Type.Object({ ...endpointQuery, ...ownQuery }, { additionalProperties: false })
  return {
    method: upgrades ? ['GET'] : [...READ],
    url,
    config: { technique, serves: 'readers' as const, upgrades, mediaType, laterBy },
    schema: { querystring },
  }
}

/** The query's `cursor` as it was written. */
export function cursorTextOf(request: FastifyRequest): string | undefined {
  return (request.query as EndpointQuery).cursor
}

/** Where the query's `cursor` asks to start. Throws the `bad-cursor` refusal. */
export function placeOf(request: FastifyRequest): Place {
  return readPlace(cursorTextOf(request))
}

/** Answers a request without an upgrade at an endpoint that needs one. */
export async function demandUpgrade(): Promise<never> {
  throw new Refusal(426, 'upgrade-required', 'Open this endpoint as a WebSocket.')
}

/** The client that the limits of talking back count. */
export function speakerOf(request: FastifyRequest): Speaker {
  return { address: clientAddressOf(request), name: (request.query as EndpointQuery).client ?? null }
}
