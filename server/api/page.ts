import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { READ } from '../gate/query.ts'
import { projectRoot } from '../project-root.ts'
import { dismissForeignWorkers } from './foreign-worker.ts'

/** The page's own addresses. Each serves index.html, and the page decides what to show. */
const ROUTES = ['/results']

/**
 * Serves the built page, with a content security policy that lets it load only its own files and connect only to this
 * server, on either port. Without a built page (during development another server serves it) this adds nothing.
 */
export async function openPage(
  app: FastifyInstance,
  linkPortFor: (request: IncomingMessage) => number | null,
): Promise<void> {
  const root = join(projectRoot(), 'dist/page')
  if (!existsSync(join(root, 'index.html'))) return
  const ours = (request: IncomingMessage) =>
    connections(request.headers.host ?? '', linkPortFor(request)).join(' ')
  // Every route from here on is the page or a part of it.
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
    // A classroom's address has plain HTTP only: told to use HTTPS, a phone would show a blank page.
    strictTransportSecurity: false,
    // These work in secure contexts only; elsewhere browsers print a warning.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })
  const served = { cacheControl: false, setHeaders: keepHashed }
  await app.register(fastifyStatic, { ...served, root, wildcard: false, globIgnore: ['assets/**'] })
  // Looked up per request, because a rebuilt page has other files.
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
 * What the page may connect to besides its origin: its own WebSockets, and everything on the link. The guard has checked
 * the host. A policy cannot name an IPv6 address (CSP3 §2.3.1 has no form for one), so there it names the port alone.
 */
function connections(host: string, linkPort: number | null): string[] {
  const [, name = '', port = ''] = /^(.*?)(:\d+)?$/.exec(host) ?? []
  if (name === '') return []
  const nameable = name.startsWith('[') ? '*' : name
  const own = nameable === '*' ? [`ws://*${port || ':80'}`] : [`ws://${name}${port}`, `wss://${name}${port}`]
  if (linkPort === null) return own
  const link = `${nameable}:${linkPort}`
  return [...own, `http://${link}`, `ws://${link}`]
}

/** The names under /assets/ contain a hash of the content; everything else is revalidated. */
function keepHashed(reply: FastifyReply, path: string): void {
  const hashed = path.includes('/assets/')
  reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
}
