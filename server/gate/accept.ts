import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The one media type of this route's answers. Whoever does not accept it is refused. */
    answersIn?: 'application/json' | 'text/event-stream'
  }
}

/** Whether the client accepts what the route answers in (RFC 9110 §12.5.1). What all of them send costs no parsing. */
export function isAcceptable({ headers, route }: FastifyRequest): boolean {
  const { answersIn } = route
  const { accept } = headers
  if (answersIn === undefined || accept === undefined || accept === '*/*' || accept === answersIn) return true
  return new Negotiator({ headers }).mediaType([`${answersIn}; charset=utf-8`]) !== undefined
}
