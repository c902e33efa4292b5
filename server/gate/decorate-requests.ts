import type { FastifyInstance } from 'fastify'
import type { Technique, TechniqueTraits } from '../protocol/techniques.ts'
import type { Refusal } from '../refusal.ts'
import type { ByteAccount } from './meter.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where this request's bytes are counted. */
    account: ByteAccount
    /** The config of its route. Fastify makes all of `routeOptions` again each time it is read. */
    route: FastifyContextConfig
    /** The address of the client at the other end of the link; null if the request did not come by the link. */
    linkClient: string | null
    /** Why this client should come back later, on a route that says so by a `bye`. */
    refusal: Refusal | null
  }
  interface FastifyContextConfig {
    /** The technique that this route's bytes are counted for; none for the page, the API and the control socket. */
    technique?: Technique
    /**
     * Whom this route is for. `readers` may use the page's port and the link, from the lab's own page or from no browser
     * at all. A `page`, or a part of one, may be linked to from anywhere and loaded as any part of a page. A route without
     * it is for the lab's own page and for programs, by the page's port.
     */
    serves?: 'readers' | 'page'
    /** This route may become a WebSocket. Any other upgrade is refused before it happens. */
    upgrades?: boolean
    /** The one media type of this route's answers. A client that does not accept it is refused. */
    mediaType?: TechniqueTraits['mediaType']
    /** How this route tells a client to come back later; by status if it does not say. */
    laterBy?: TechniqueTraits['laterBy']
    /** The body of this route, or a part of it, is delivered to readers. */
    publishes?: boolean
  }
}

/** Before any hook runs, so that all requests have one shape: a property that is added later makes each access slow. */
export function decorateRequests(app: FastifyInstance): void {
  for (const name of ['account', 'route', 'linkClient', 'refusal']) app.decorateRequest(name, null)
}
