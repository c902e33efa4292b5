import type { FastifyRequest } from 'fastify'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'

/** How a browser may use an endpoint or the API: by a script's fetch, EventSource or WebSocket, or in a tab. */
const DATA_DESTINATIONS: ReadonlySet<unknown> = new Set(['empty', 'document', UPGRADE_TOKEN])

/**
 * Whether a browser says of a request (W3C Fetch Metadata) that it does not come from the lab's own page: it comes from
 * another site, and nobody followed a link to a page; or it loads something that is no page as an image, a script or a
 * frame. Other clients send no such headers, and Host and Origin alone decide. The route says what is requested, never
 * the address, which can be written in many ways; an address without a route does as little harm as a page.
 */
export function isStray(request: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = request.headers
  if (site === undefined && destination === undefined) return false
  const ofPage = request.route.serves === 'page' || request.is404
  if (site === 'cross-site') return mode !== 'navigate' || destination !== 'document' || !ofPage
  return destination !== undefined && !DATA_DESTINATIONS.has(destination) && !ofPage
}
