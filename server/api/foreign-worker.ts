import type { FastifyInstance } from 'fastify'

/**
 * A page that another project once served at this address may have left a service worker, which goes on answering in
 * the lab's place, from its own memory. Browsers ask for its script again on each visit, whatever its name, and say so
 * by `Service-Worker: script` (Service Workers §5, Update). A 404 would leave it as it is; this script takes its place,
 * removes the registration and loads the pages anew. The lab has no service worker of its own.
 */
export function dismissForeignWorkers(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'worker',
    storage: () => {
      const handlers = new Map<unknown, unknown>()
      return {
        get: (key: unknown) => (handlers.get(key) as never) ?? null,
        set: (key: unknown, handler: unknown) => handlers.set(key, handler),
      }
    },
    deriveConstraint: request => request.headers['service-worker'],
    validate: () => true,
  })
  app.route({
    method: 'GET',
    url: '/*',
    constraints: { worker: 'script' },
    handler: (_request, reply) =>
      reply
        .headers({
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': 'no-store',
          // A worker's scope may be wider than the folder of its script.
          'service-worker-allowed': '/',
        })
        .send(SCRIPT),
  })
}

/** A page whose address has a fragment would not be loaded by that same address: it gets a query that nobody reads. */
const SCRIPT = `addEventListener('install', () => skipWaiting())
addEventListener('activate', event => event.waitUntil(leave()))
async function leave() {
  await registration.unregister()
  for (const page of await clients.matchAll({ type: 'window' })) {
    const url = new URL(page.url)
    if (url.hash !== '') url.searchParams.set('_', Date.now())
    await page.navigate(url).catch(() => {})
  }
}
`
