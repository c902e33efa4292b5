import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { createPeers } from '../delivery/websocket-peers.ts'
import { limitFrames } from '../gate/frame-limit.ts'
import type { Meter } from '../gate/meter.ts'
import { ignoredQuery } from '../gate/query.ts'
import type { Policy } from '../policy.ts'
import type { ControlMessage, Stats } from '../protocol/api.ts'
import { CONTROL_ENDPOINT } from '../protocol/techniques.ts'
import { CLIENT_NAME, CLOSE } from '../protocol/wire.ts'
import { demandUpgrade, endpointQuery } from '../techniques/technique.ts'

const STATS_EVERY_MS = 200

export interface ControlOptions {
  readonly meter: Meter
  readonly clock: Clock
  readonly policy: Policy
  readonly read: () => Stats
}

export interface Control {
  /** Closes every page's socket, so that each connects again and measures the clock anew. */
  reconnectAll(): void
}

/** The page's own WebSocket: statistics five times a second, and the clock. For reading only; commands use HTTP. */
export function openControl(app: FastifyInstance, { meter, clock, policy, read }: ControlOptions): Control {
  const pages = new Map<WebSocket, string | undefined>()
  const peers = createPeers(policy, clock.monotonicMs)
  const timer = setInterval(sendStats, STATS_EVERY_MS).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    peers.close()
  })
  app.addHook('preClose', async () => {
    for (const socket of pages.keys()) socket.terminate()
  })

  app.route({
    method: 'GET',
    url: CONTROL_ENDPOINT,
    config: { upgrades: true },
    schema: {
      querystring: Type.Object(
        { client: endpointQuery.client, ...ignoredQuery },
        { additionalProperties: false },
      ),
    },
    handler: demandUpgrade,
    wsHandler: (socket, request) => {
      const { client } = request.query as { client?: string }
      pages.set(socket, client !== undefined && CLIENT_NAME.test(client) ? client : undefined)
      socket.once('close', () => pages.delete(socket))
      peers.add(socket)
      limitFrames(socket, clock.monotonicMs)
      socket.on('message', data => answer(socket, data.toString()))
    },
  })

  return { reconnectAll }

  function reconnectAll(): void {
    for (const socket of pages.keys()) socket.close(CLOSE.restart, 'Connect again: the clock was set.')
  }

  function sendStats(): void {
    if (pages.size === 0) return
    // Encoded once for all pages.
    const stats = `"stats":${JSON.stringify(read())}`
    // Several pages may watch one reader, and one reader may have several sockets.
    const own = new Map<string, string>()
    for (const [socket, client] of pages) {
      // A page that does not read (asleep, behind a slow link) gets the newest figures when it does, not all it missed.
      if (socket.bufferedAmount > 0) continue
      if (client === undefined) {
        send(socket, `{${stats}}`)
        continue
      }
      const text = own.get(client) ?? JSON.stringify(meter.readClient(client))
      own.set(client, text)
      send(socket, `{${stats},"client":${text}}`)
    }
  }

  function answer(socket: WebSocket, text: string): void {
    const at = clock.epochMs()
    const ping = pingOf(text)
    if (ping === null) socket.close(CLOSE.badRequest, 'Send only {"ping": number}.')
    else send(socket, JSON.stringify({ pong: ping, at } satisfies ControlMessage))
  }
}

/** `message` is the text of a `ControlMessage`. */
function send(socket: WebSocket, message: string): void {
  if (socket.readyState === socket.OPEN) socket.send(message)
}

function pingOf(text: string): number | null {
  try {
    const message = JSON.parse(text)
    return typeof message?.ping === 'number' ? message.ping : null
  } catch {
    return null
  }
}
