import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { projectRoot } from '../project-root.ts'

/** The page's own addresses: each is index.html, and the page itself knows what to show there. */
const ROUTES = ['/results']

/**
 * Serves the built page, with a content security policy that lets it load nothing but itself and talk to nobody but
 * this server, by either door. Without a built page (during development another server serves it) there are only the
 * doors and the API.
 */
export async function openPage(app: FastifyInstance, roadPort: () => number | null): Promise<void> {
  const root = join(projectRoot(), 'dist/page')
  if (!existsSync(join(root, 'index.html'))) return
  const ours = (request: IncomingMessage) => connections(request.headers.host ?? '', roadPort()).join(' ')
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
  await app.register(fastifyStatic, { root, wildcard: false, cacheControl: false, setHeaders: keepHashed })
  for (const route of ROUTES) app.get(route, (_request, reply) => reply.sendFile('index.html'))
}

/** What the page may connect to besides its origin: its own WebSocket, and the lanes' by the road. The guard knows the host. */
function connections(host: string, roadPort: number | null): string[] {
  const own = [`ws://${host}`, `wss://${host}`]
  if (roadPort === null) return own
  const road = `${host.replace(/:\d+$/, '')}:${roadPort}`
  return [...own, `http://${road}`, `ws://${road}`]
}

/** The names under /assets/ hold a hash of what is in them; everything else is asked for again. */
function keepHashed(reply: FastifyReply, path: string): void {
  const hashed = path.includes('/assets/')
  reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
}
