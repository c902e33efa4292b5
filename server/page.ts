import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { projectRoot } from './project-root.ts'

/** The page's own addresses: each is index.html, and the page itself knows what to show there. */
const ROUTES = ['/results']

/** Serves the built page. Without one (during development another server serves it) there are only the doors and the API. */
export async function openPage(app: FastifyInstance): Promise<void> {
  const root = join(projectRoot(), 'dist/page')
  if (!existsSync(join(root, 'index.html'))) return
  await app.register(fastifyStatic, { root, wildcard: false, cacheControl: false, setHeaders: keepHashed })
  for (const route of ROUTES) app.get(route, (_request, reply) => reply.sendFile('index.html'))
}

/** The names under /assets/ hold a hash of what is in them; everything else is asked for again. */
function keepHashed(reply: FastifyReply, path: string): void {
  const hashed = path.includes('/assets/')
  reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
}
