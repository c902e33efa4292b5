import { METHODS } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isAboutServer } from './request-target.ts'

/**
 * Answers the methods that no route of an address declares: OPTIONS with `Allow`, all others with 405 (RFC 9110 §15.5.6),
 * before any body is read. Call it before the first route is declared, and the function that it returns after the last.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const addresses = new Map<string, RouteOptions[]>()
  let closed = false

  app.addHook('onRoute', route => {
    // An asterisk stands for many addresses, and most of them do not exist.
    if (closed || route.url.endsWith('*')) return
    addresses.set(route.url, [...(addresses.get(route.url) ?? []), route])
  })
  app.setNotFoundHandler((request, reply) => {
    if (!isAboutServer(request.raw)) throw NOT_FOUND
    return reply.code(204).header('allow', 'GET, HEAD, POST, PUT, OPTIONS').send()
  })

  return () => {
    closed = true
    for (const method of METHODS) {
      if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
    }
    for (const [url, routes] of addresses) declareOthers(url, routes)
  }

  function declareOthers(url: string, routes: readonly RouteOptions[]): void {
    const methods = routes.flatMap(({ method }) => method)
    const serves = routes.find(({ config }) => config?.serves !== undefined)?.config?.serves
    const refusal = new Refusal(405, 'method-not-allowed', `Use ${methods.join(' or ')} here.`, {
      params: { methods },
    })
    const answer = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('allow', [...methods, 'OPTIONS'].join(', '))
      if (request.method !== 'OPTIONS') throw refusal
      return reply.code(204).send()
    }
    app.route({
      method: app.supportedMethods.filter(method => !methods.some(own => own === method)),
      url,
      config: serves === undefined ? {} : { serves },
      onRequest: answer,
      handler: answer,
    })
  }
}

export const NOT_FOUND = new Refusal(404, 'not-found', 'Use another address: the README lists them.')
