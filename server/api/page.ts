import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { READ } from '../gate/query.ts'
import { projectRoot } from '../project-root.ts'
import { dismissForeignWorkers } from './foreign-worker.ts'

/** The page's own addresses: each is index.html, and the page itself knows what to show there. */
const ROUTES = ['/results']

/**
 * Serves the built page, with a content security policy that lets it load nothing but itself and talk to nobody but
 * this server, by either endpoint. Without a built page (during development another server serves it) there are only the
 * endpoints and the API.
 */
export async function openPage(
  app: FastifyInstance,
  linkPortFor: (request: IncomingMessage) => number | null,
): Promise<void> {
  const root = join(projectRoot(), 'dist/page')
  if (!existsSync(join(root, 'index.html'))) return
  const ours = (request: IncomingMessage) =>
    connections(request.headers.host ?? '', linkPortFor(request)).join(' ')
  // Whatever is declared from here on is the page or a part of it.
  app.addHook('onRoute', route => {
    route.config = { ...route.config, serves: 'page' }
  })
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", ours],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // A classroom's address speaks plain HTTP: told to upgrade, a phone would show a blank page.
    strictTransportSecurity: false,
    // Only secure contexts know these, and elsewhere browsers complain of them.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })
  const served = { cacheControl: false, setHeaders: keepHashed }
  await app.register(fastifyStatic, { ...served, root, wildcard: false, globIgnore: ['assets/**'] })
  // Looked for when they are asked for: a page that is built anew has others.
  await app.register(fastifyStatic, {
    ...served,
    root: join(root, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
  })
  dismissForeignWorkers(app)
  for (const url of ROUTES) {
    app.route({ method: [...READ], url, handler: (_request, reply) => reply.sendFile('index.html') })
  }
}

/**
 * What the page may connect to besides its origin: its own WebSocket, and the lanes' by the link. The guard knows the
 * host. No IPv6 address can stand in a policy (CSP3 §2.3.1 has no form for one): there, the port alone is named.
 */
function connections(host: string, linkPort: number | null): string[] {
  const [, name = '', port = ''] = /^(.*?)(:\d+)?$/.exec(host) ?? []
  if (name === '') return []
  const sayable = name.startsWith('[') ? '*' : name
  const own = sayable === '*' ? [`ws://*${port || ':80'}`] : [`ws://${name}${port}`, `wss://${name}${port}`]
  if (linkPort === null) return own
  const link = `${sayable}:${linkPort}`
  return [...own, `http://${link}`, `ws://${link}`]
}

/** The names under /assets/ hold a hash of what is in them; everything else is asked for again. */
function keepHashed(reply: FastifyReply, path: string): void {
  const hashed = path.includes('/assets/')
  reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
}
