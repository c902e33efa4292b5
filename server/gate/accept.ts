import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether the client accepts the route's media type (RFC 9110 §12.5.1). The usual values are not parsed. */
export function isAcceptable({ headers, route }: FastifyRequest): boolean {
  const { accept } = headers
  const { mediaType } = route
  if (!mediaType || accept === undefined || accept === '*/*' || accept === mediaType) return true
  return new Negotiator({ headers }).mediaType([`${mediaType}; charset=utf-8`]) !== undefined
}
