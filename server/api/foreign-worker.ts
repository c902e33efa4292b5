import type { FastifyInstance } from 'fastify'

/**
 * A page that another project once served at this address may have left a service worker, which goes on answering from
 * its own cache instead of the lab. Browsers request its script again on each visit, whatever its name, with the header
 * `Service-Worker: script` (Service Workers §5, Update). A 404 would leave the old worker in place; this script replaces
 * it, removes the registration and reloads the pages. The lab has no service worker of its own.
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

/** Navigating to the same address with a fragment does not reload a page, so it gets a query that nothing reads. */
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
