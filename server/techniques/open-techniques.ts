import { fastifyWebsocket, type WebsocketPluginOptions } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { PeerSocket } from '../delivery/websocket-peers.ts'
import { TECHNIQUES, type Technique, traitsOf } from '../protocol/techniques.ts'
import { techniqueServers } from './index.ts'
import type { TechniqueContext, TechniqueHandle } from './technique.ts'

export type TechniqueHandles = Readonly<Record<Technique, TechniqueHandle>>

/**
 * Opens all techniques. Those that upgrade, and the page's control socket with them (`openControl`), get a scope of their
 * own, because the hooks of the WebSocket plugin would cost every poll as well.
 */
export async function openTechniques(
  app: FastifyInstance,
  context: TechniqueContext,
  openControl: (sockets: FastifyInstance) => void,
): Promise<TechniqueHandles> {
  const handles = new Map<Technique, TechniqueHandle>()
  openAll(app, false)
  await app.register(async sockets => {
    await sockets.register(fastifyWebsocket, { options: WEBSOCKET_OPTIONS, errorHandler: () => {} })
    openAll(sockets, true)
    openControl(sockets)
  })
  return Object.fromEntries(handles) as TechniqueHandles

  function openAll(scope: FastifyInstance, upgrades: boolean): void {
    for (const technique of TECHNIQUES) {
      if (traitsOf(technique).upgrades !== upgrades) continue
      handles.set(technique, techniqueServers[technique](scope, context))
    }
  }
}

/** The types want a class with all of `ws` on it, its servers included. */
type WebSocketClass = NonNullable<NonNullable<WebsocketPluginOptions['options']>['WebSocket']>
/** No compression: for events of this size it would cost more than it saves, and 225 KB of memory for each socket. */
const WEBSOCKET_OPTIONS = {
  maxPayload: 4096,
  maxFragments: 64,
  perMessageDeflate: false,
  clientTracking: false,
  closeTimeout: 1000,
  WebSocket: PeerSocket as unknown as WebSocketClass,
}
