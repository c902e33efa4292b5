import type { FastifyRequest } from 'fastify'

/** What a browser may want a endpoint or the API for: a script's fetch, EventSource and WebSocket, or a look in a tab. */
const DATA_DESTINATIONS: ReadonlySet<unknown> = new Set(['empty', 'document', 'websocket'])

/**
 * Whether a browser says of a request (W3C Fetch Metadata) that it does not come from the lab's own page: from another
 * site, unless somebody follows a link to a page; or as an image, a script or a frame of what is no page. Who is no
 * browser says nothing, and Host and Origin alone decide. What is asked for is known by its route and never by how its
 * address is written, which can be written in many ways; an address without a route harms as little as a page.
 */
export function isStray(request: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = request.headers
  if (site === undefined && destination === undefined) return false
  const ofPage = request.route.serves === 'page' || request.is404
  if (site === 'cross-site') return mode !== 'navigate' || destination !== 'document' || !ofPage
  return destination !== undefined && !DATA_DESTINATIONS.has(destination) && !ofPage
}
