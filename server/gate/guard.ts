import type { FastifyReply, FastifyRequest } from 'fastify'
import { CONTROL_DOOR, DOORS, SAY_DOOR } from '../protocol.ts'
import { Refusal } from '../refusal.ts'
import type { Road } from '../road/road.ts'
import { isAcceptable } from './accept.ts'
import { isStray } from './fetch-metadata.ts'
import { handshakeFault } from './handshake.ts'
import { malformationOf } from './malformed.ts'
import { asksForUpgrade, ignoresUpgrade } from './upgrade.ts'

/** The names under which the server may be asked, once it listens. */
export interface Names {
  /** `Host` of a request to the page's port, and of one by the road. */
  readonly page: ReadonlySet<string>
  readonly road: ReadonlySet<string>
}

/** All names of a server on `hosts`: loopback's and its own, with each port, and the further ones it was given. */
export function namesOf(
  hosts: readonly string[],
  port: number,
  roadPort: number | null,
  allowHosts: readonly string[],
): Names {
  const own = [...new Set([...LOOPBACK, ...hosts.map(host => (host.includes(':') ? `[${host}]` : host))])]
  const at = (port: number) => own.map(name => (port === 80 ? name : `${name}:${port}`))
  return {
    page: new Set([...at(port), ...allowHosts.map(name => name.toLowerCase())]),
    road: new Set(roadPort === null ? [] : at(roadPort)),
  }
}

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
const NOT_ACCEPTABLE = new Refusal(406, 'not-acceptable', 'Accept what this door answers in.')
const NO_WEBSOCKET = new Refusal(404, 'no-websocket', 'Open a WebSocket at /ws.')
const NOT_ON_THIS_ROAD = new Refusal(
  404,
  'not-on-this-road',
  "Ask the page's own port for everything but the doors.",
)
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const ROAD_PATHS: ReadonlySet<string> = new Set([...Object.values(DOORS), SAY_DOOR])

/**
 * The same before HTTP and upgrade. A name that is not ours in `Host` is somebody else's page whose DNS points
 * here, and same-origin rules do not protect against it; a foreign `Origin` is a page that has no business here.
 * By the road there are the four doors and `say` only, and the page's origin may read them.
 */
export function createGuard(names: () => Names, road: () => Road | null): Guard {
  return refusal

  function refusal(request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
    if (ignoresUpgrade(request)) reply.raw.shouldKeepAlive = false
    const traveller = road()?.travellerOf(request.raw.socket) ?? null
    const byRoad = traveller !== null
    if (byRoad) request.traveller = traveller
    const { host = '', origin } = request.headers
    const ours = byRoad ? names().road : names().page
    if (byRoad) admitPage(request, reply)
    const malformation = malformationOf(request)
    if (malformation !== undefined) {
      reply.header('connection', 'close')
      return malformation
    }
    if (!ours.has(host.toLowerCase())) return FOREIGN_HOST
    if (origin !== undefined && !isPage(origin, names())) return FOREIGN_ORIGIN
    if (isStray(request, isOfPage)) return STRAY
    if (asksForUpgrade(request)) {
      return request.route.upgrades === true ? handshakeFault(request, reply) : NO_WEBSOCKET
    }
    if (byRoad && !ROAD_PATHS.has(pathOf(request))) return NOT_ON_THIS_ROAD
    return isAcceptable(request) ? undefined : NOT_ACCEPTABLE
  }

  /** CORS on every status, refusals included: an error that the page cannot read would be a network error to it. */
  function admitPage(request: FastifyRequest, reply: FastifyReply): void {
    const { origin } = request.headers
    reply.headers(grantsOf(origin, names()))
    if (request.method !== 'OPTIONS' || origin === undefined || !isPage(origin, names())) return
    reply.header('access-control-allow-headers', 'Content-Type')
  }
}

/** The headers by which the page may read what comes by the road; a foreign origin gets no grant. */
export function grantsOf(origin: string | undefined, names: Names): Record<string, string> {
  if (origin === undefined || !isPage(origin, names)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Retry-After',
  }
}

function isPage(origin: string, names: Names): boolean {
  const [scheme, host = ''] = origin.split('://')
  return (scheme === 'http' || scheme === 'https') && names.page.has(host)
}

/** Whether the page or a part of it is asked for, and neither a door nor the API. */
function isOfPage(request: FastifyRequest): boolean {
  const path = pathOf(request)
  return !ROAD_PATHS.has(path) && path !== CONTROL_DOOR && !path.startsWith('/api/')
}

/** A request's path as it was asked for, without the query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}
