import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import type { Link } from '../link/link.ts'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import { isStray } from './fetch-metadata.ts'
import { handshakeFault } from './handshake.ts'
import { malformationOf } from './malformed.ts'
import { NOT_FOUND } from './methods.ts'
import type { Arrival, Names } from './names.ts'
import { isAboutServer } from './request-target.ts'
import { asksForUpgrade, ignoresUpgrade } from './upgrade.ts'

/**
 * The same checks before HTTP and upgrade. A `Host` that is not ours is another site's page whose DNS name points here,
 * and same-origin rules do not stop it; a foreign `Origin` is another site's page. The link serves only the techniques'
 * endpoints and `/say`, and lets the page's origin read their answers.
 */
export interface Guard {
  /**
   * Prepares a request for what follows: notes whose it is, and sets the CORS headers of one that came by the link, because
   * every status needs them: a browser hides a refusal without them from the page as a network error.
   */
  receive(request: FastifyRequest, reply: FastifyReply): Arrival
  /** Why a request is refused; null if it is not. */
  refusalOf(request: FastifyRequest, arrival: Arrival): Refusal | null
}

const FOREIGN_HOST = new Refusal(
  403,
  'foreign-host',
  'Use the address that the server printed; --allow-host adds a name.',
)
const FOREIGN_ORIGIN = new Refusal(
  403,
  'foreign-origin',
  "Open the lab's own page: other sites may not use this server.",
)
const STRAY = new Refusal(
  403,
  'stray-request',
  "Send this request from the lab's own page: no other site may, and no image, script or frame.",
)
const NOT_ACCEPTABLE = new Refusal(
  406,
  'not-acceptable',
  'Let your Accept header include the media type of this endpoint.',
)
const NO_WEBSOCKET = new Refusal(404, 'no-websocket', 'Open a WebSocket at /ws.')
const NOT_ON_LINK = new Refusal(
  404,
  'not-on-this-link',
  "Use the page's own port for everything but the endpoints.",
)

export function createGuard(names: () => Names, link: () => Link | null): Guard {
  return { receive, refusalOf }

  function receive(request: FastifyRequest, reply: FastifyReply): Arrival {
    const { raw } = request
    if (ignoresUpgrade(raw)) reply.raw.shouldKeepAlive = false
    // `ws` knows no list of protocols: it is told the one that counts.
    if (asksForUpgrade(request)) raw.headers.upgrade = UPGRADE_TOKEN
    const linkClient = link()?.linkClientOf(raw.socket) ?? null
    if (linkClient === null) return { socket: raw.socket, byLink: false }
    const arrival = { socket: { localAddress: link()?.arrivalOf(raw.socket) }, byLink: true }
    request.linkClient = linkClient
    setGrants(request, reply, arrival)
    return arrival
  }

  function setGrants(request: FastifyRequest, reply: FastifyReply, arrival: Arrival): void {
    const { origin } = request.headers
    reply.headers(grantsOf(origin, names(), arrival))
    if (request.method !== 'OPTIONS' || origin === undefined || !names().isPage(origin, arrival)) return
    reply.header('access-control-allow-headers', 'Content-Type')
  }

  function refusalOf(request: FastifyRequest, arrival: Arrival): Refusal | null {
    const malformation = malformationOf(request)
    if (malformation !== null) return malformation
    const { host, origin } = request.headers
    if (!names().isOurs(host, arrival)) return FOREIGN_HOST
    if (origin !== undefined && !names().isPage(origin, arrival)) return FOREIGN_ORIGIN
    if (isStray(request)) return STRAY
    if (arrival.byLink && request.route.serves !== 'readers') return NOT_ON_LINK
    if (request.is404 && !isAboutServer(request.raw)) return NOT_FOUND
    if (asksForUpgrade(request)) {
      return request.route.upgrades === true ? handshakeFault(request) : NO_WEBSOCKET
    }
    return isAcceptable(request) ? null : NOT_ACCEPTABLE
  }
}

/** Whether the client accepts the route's media type (RFC 9110 §12.5.1). The usual values are not parsed. */
function isAcceptable({ headers, route }: FastifyRequest): boolean {
  const { accept } = headers
  const { mediaType } = route
  if (!mediaType || accept === undefined || accept === '*/*' || accept === mediaType) return true
  return new Negotiator({ headers }).mediaType([`${mediaType}; charset=utf-8`]) !== undefined
}

/** The headers by which the page may read an answer that comes by the link; a foreign origin gets no permission. */
export function grantsOf(origin: string | undefined, names: Names, arrival: Arrival): Record<string, string> {
  if (origin === undefined || !names.isPage(origin, arrival)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Retry-After',
  }
}
