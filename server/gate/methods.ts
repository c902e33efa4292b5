import type { FastifyInstance } from 'fastify'
import { Refusal } from '../refusal.ts'

/** Whatever is not there: 405 with `Allow` where only the method is wrong, OPTIONS answered, else 404. */
export function refuseTheRest(app: FastifyInstance): void {
  const allowed = new Map<string, string[]>()

  app.addHook('onRoute', route => {
    const methods = allowed.get(route.url) ?? []
    allowed.set(route.url, methods.concat(route.method))
  })

  app.setNotFoundHandler((request, reply) => {
    const methods = allowed.get(request.url.split('?', 1)[0] ?? '')
    if (methods === undefined)
      throw new Refusal(404, 'not-found', 'There is nothing here: see the README for what there is.')
    reply.header('allow', [...methods, 'OPTIONS'].join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    throw new Refusal(405, 'method-not-allowed', `Use ${methods.join(' or ')} here.`)
  })
}
