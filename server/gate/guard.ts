import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Link } from '../link/link.ts'
import { Refusal } from '../refusal.ts'
import { isAcceptable } from './accept.ts'
import { isStray } from './fetch-metadata.ts'
import { handshakeFault } from './handshake.ts'
import { malformationOf } from './malformed.ts'
import { NOT_FOUND } from './methods.ts'
import type { Arrival, Names } from './names.ts'
import { isAboutServer } from './request-target.ts'
import { asksForUpgrade, ignoresUpgrade } from './upgrade.ts'

/** Why a request has no business here; undefined if it has. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Refusal | undefined

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
  "Ask from the lab's own page: no other site may, and no image, script or frame.",
)
const NOT_ACCEPTABLE = new Refusal(406, 'not-acceptable', 'Accept what this endpoint answers in.')
const NO_WEBSOCKET = new Refusal(404, 'no-websocket', 'Open a WebSocket at /ws.')
const NOT_ON_THIS_ROAD = new Refusal(
  404,
  'not-on-this-link',
  "Ask the page's own port for everything but the endpoints.",
)
/**
 * The same before HTTP and upgrade. A name that is not ours in `Host` is somebody else's page whose DNS points
 * here, and same-origin rules do not protect against it; a foreign `Origin` is a page that has no business here.
 * By the link there are the four endpoints and `say` only, and the page's origin may read them.
 */
export function createGuard(names: () => Names, link: () => Link | null): Guard {
  return refusal

  function refusal(request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
    if (ignoresUpgrade(request.raw)) reply.raw.shouldKeepAlive = false
    const { socket } = request.raw
    const traveller = link()?.linkClientOf(socket) ?? null
    const arrival: Arrival =
      traveller === null
        ? { socket, byLink: false }
        : { socket: { localAddress: link()?.arrivalOf(socket) }, byLink: true }
    if (traveller !== null) {
      request.linkClient = traveller
      admitPage(request, reply, arrival)
    }
    const malformation = malformationOf(request)
    if (malformation !== undefined) {
      reply.header('connection', 'close')
      return malformation
    }
    const { host, origin } = request.headers
    if (!names().isOurs(host, arrival)) return FOREIGN_HOST
    if (origin !== undefined && !names().isPage(origin, arrival)) return FOREIGN_ORIGIN
    if (isStray(request)) return STRAY
    if (arrival.byLink && request.route.serves !== 'readers') return NOT_ON_THIS_ROAD
    if (request.is404 && !isAboutServer(request.raw)) return NOT_FOUND
    if (asksForUpgrade(request)) {
      return request.route.upgrades === true ? handshakeFault(request, reply) : NO_WEBSOCKET
    }
    return isAcceptable(request) ? undefined : NOT_ACCEPTABLE
  }

  /** CORS on every status, refusals included: an error that the page cannot read would be a network error to it. */
  function admitPage(request: FastifyRequest, reply: FastifyReply, arrival: Arrival): void {
    const { origin } = request.headers
    reply.headers(grantsOf(origin, names(), arrival))
    if (request.method !== 'OPTIONS' || origin === undefined || !names().isPage(origin, arrival)) return
    reply.header('access-control-allow-headers', 'Content-Type')
  }
}

/** The headers by which the page may read what comes by the link; a foreign origin gets no grant. */
export function grantsOf(origin: string | undefined, names: Names, arrival: Arrival): Record<string, string> {
  if (origin === undefined || !names.isPage(origin, arrival)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Retry-After',
  }
}
