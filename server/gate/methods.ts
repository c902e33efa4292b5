import { METHODS } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isAboutServer } from './request-target.ts'

/**
 * Answers at every address the methods that it does not declare: OPTIONS with `Allow`, all others with 405 (RFC 9110
 * §15.5.6), before any body is read. To be called before the first route; what it returns, once all are declared.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const addresses = new Map<string, RouteOptions[]>()
  let closed = false

  app.addHook('onRoute', route => {
    // What stands below an asterisk is many addresses, of which most are not there.
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
    const refusal = new Refusal(405, 'method-not-allowed', `Use ${methods.join(' or ')} here.`)
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

export const NOT_FOUND = new Refusal(
  404,
  'not-found',
  'There is nothing here: see the README for what there is.',
)
