import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { isBadPort } from '../bad-ports.ts'
import { type Listening, listenAt } from '../listen.ts'
import type { LinkConditions } from '../protocol/api.ts'
import { openProxiedConnection, type ProxiedConnection } from './proxied-connection.ts'

/**
 * The link: a TCP proxy to the same server on a port of its own, which the page's lanes use. A browser has another pool of
 * connections for another port, so the lanes never starve the page itself.
 *
 * It runs in the server's process and is not free: without any condition set, a delivery cost 2.9 times the CPU of one
 * without the link (18 → 52 µs) and arrived 2.3 times as late at the median (100 SSE readers, 100 events/s of 128 bytes,
 * medians of 12 interleaved pairs of 4 s, two busy cores). So no figure measured on the link is quoted for the server.
 */
export interface Link {
  readonly port: number
  readonly conditions: LinkConditions
  /**
   * Sets all conditions; those that are not named are off. Open connections change at once: bytes in transit arrive with the
   * new delay, rate and slices, a black hole holds them until it is switched off, and buffered bytes are released.
   * `resetAfterBytes`, `cutAfterBytes` and `idleTimeoutMs` count from now, or from the opening of a later connection.
   * Only new connections wait for a handshake, and only new requests are refused.
   */
  change(conditions: LinkConditions): void
  /** The remote address of the client behind a socket of the server; null for a socket that did not come by the link. */
  linkClientOf(socket: Socket): string | null
  /** The address of this machine that the same client connected to. */
  arrivalOf(socket: Socket): string | undefined
  /** Destroys the proxied connection of this client's socket, at both ends. */
  disconnect(client: Socket): void
  close(): Promise<void>
}

/** A client of the link: its own address, and the address of this machine that it connected to. */
export interface LinkClient {
  readonly address: string
  readonly localAddress: string | undefined
}

export interface LinkOptions {
  /** Where to listen, as `listenAt` takes it. */
  readonly host: string
  /** `next` is the port after the server's, or any free one if that is taken or does not exist. */
  readonly port: number | 'next'
  /** The headers by which a page of this `Origin` may read the link's own answers. */
  readonly grants: (origin: string | undefined, client: LinkClient) => Readonly<Record<string, string>>
  /** Called with each client's own socket. */
  readonly connected?: (client: Socket) => void
}

/** Opens the link to a listening server. Rejects with the listen error, for example `EADDRINUSE`. */
export async function openLink(to: Server, options: LinkOptions): Promise<Link> {
  const target = targetOf(to)
  /** By the client's socket. */
  const connections = new Map<Socket, ProxiedConnection>()
  /** The clients of connections that the server has not accepted yet, by the address and port that it will see. */
  const announced = new Map<string, LinkClient>()
  const clients = new WeakMap<Socket, LinkClient>()
  let conditions: LinkConditions = {}
  const server = createServer({ allowHalfOpen: true, noDelay: true }, proxy)
  const listening = await listen(server, options.host, options.port, target.port)
  // Before all other listeners, so that they can look the client up.
  to.prependListener('connection', recognise)

  return {
    port: listening.port,
    get conditions() {
      return conditions
    },
    change,
    linkClientOf: socket => clients.get(socket)?.address ?? null,
    disconnect: client => connections.get(client)?.destroy(),
    arrivalOf: socket => clients.get(socket)?.localAddress,
    close,
  }

  function proxy(near: Socket): void {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const client: LinkClient = { address: near.remoteAddress ?? 'gone', localAddress: near.localAddress }
    const connection = openProxiedConnection(
      near,
      far,
      () => conditions,
      origin => options.grants(origin, client),
    )
    connections.set(near, connection)
    options.connected?.(near)
    near.once('close', () => far.closed && connections.delete(near))
    far.once('close', () => near.closed && connections.delete(near))
    // The kernel chooses the port when the socket connects, on the next tick; the server accepts only after that.
    process.nextTick(() => {
      const name = nameOf(far.localAddress, far.localPort)
      announced.set(name, client)
      far.once('close', () => announced.delete(name))
    })
  }

  function recognise(socket: Socket): void {
    const name = nameOf(socket.remoteAddress, socket.remotePort)
    const client = announced.get(name)
    if (client === undefined) return
    clients.set(socket, client)
    // Later, another connection may have this port.
    announced.delete(name)
  }

  function change(wanted: LinkConditions): void {
    conditions = wanted
    for (const connection of connections.values()) connection.changed()
  }

  /** Waits until the server's last bytes have arrived. */
  async function close(): Promise<void> {
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    listening.close()
    const { delayMs = 0, jitterMs = 0 } = conditions
    if (connections.size > 0) await new Promise(resolve => setTimeout(resolve, delayMs + jitterMs))
    for (const connection of connections.values()) connection.destroy()
    to.off('connection', recognise)
    await closed
  }
}

/** Address and port together: a client of the page's port may have the same port at another address. */
function nameOf(address: string | undefined, port: number | undefined): string {
  return `${address} ${port}`
}

/** Where to reach a server from its own machine, whatever address it listens on. */
function targetOf(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  return { host, port }
}

/** Listens on the wanted port; for `next`, on the port after the server's if it is free and browsers do not refuse it. */
async function listen(
  server: Server,
  host: string,
  port: number | 'next',
  before: number,
): Promise<Listening> {
  if (port !== 'next') return listenAt(server, { host, port })
  const next = before < 65_535 && !isBadPort(before + 1) ? before + 1 : 0
  return listenAt(server, { host, port: next }).catch(() => listenAt(server, { host, port: 0 }))
}
