import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { isBadPort } from '../bad-ports.ts'
import { type Listening, listenAt } from '../listen.ts'
import type { LinkConditions } from '../protocol/api.ts'
import { openProxiedConnection, type ProxiedConnection } from './proxied-connection.ts'

/**
 * The second endpoint to the same server: a TCP proxy on a port of its own, which the page's lanes travel on. Another port
 * is another pool of connections to a browser, so that the lanes never starve the page itself.
 *
 * It runs in the server's process and is not free: with nothing on, a delivery cost 2.9 times the CPU of one without
 * the link (18 → 52 µs), and came 2.3 times as late at the median (100 SSE readers, 100 events/s of 128 bytes, medians
 * of 12 interleaved pairs of 4 s, two busy cores). So no figure that was taken by the link is quoted for the server.
 */
export interface Link {
  readonly port: number
  readonly conditions: LinkConditions
  /**
   * Sets all conditions; what is not named is off. Connections that are already open feel it at once: bytes under way
   * arrive by the new delay, rate and slices, a black hole holds them until it heals, and what was buffered is let go.
   * `resetAfterBytes`, `cutAfterBytes` and `idleTimeoutMs` count from now, or from the opening of a later connection.
   * Only new connections have a handshake to wait for, and only new requests are refused.
   */
  change(conditions: LinkConditions): void
  /** The remote address of the client behind a socket of the server; null for a socket that did not come by the link. */
  linkClientOf(socket: Socket): string | null
  /** The address of this machine at which that client arrived. */
  arrivalOf(socket: Socket): string | undefined
  /** Breaks off the connection that came by this socket of a client, at both ends. */
  hangUp(client: Socket): void
  close(): Promise<void>
}

/** A client of the link: its own address, and the one of this machine at which it arrived. */
export interface LinkClient {
  readonly address: string
  readonly localAddress: string | undefined
}

export interface LinkOptions {
  /** Where to listen, as `listenAt` takes it. */
  readonly host: string
  /** `next` is the port after the server's, or any free one where that is taken or there is none. */
  readonly port: number | 'next'
  /** The headers by which a page of this `Origin` may read what the link answers itself. */
  readonly grants: (origin: string | undefined, client: LinkClient) => Readonly<Record<string, string>>
  /** Hears of each client's own socket. */
  readonly connected?: (client: Socket) => void
}

/** Opens the link to a server that listens. Rejects with the listen error, `EADDRINUSE` for one. */
export async function openLink(to: Server, options: LinkOptions): Promise<Link> {
  const target = targetOf(to)
  /** By the client's socket. */
  const connections = new Map<Socket, ProxiedConnection>()
  /** The clients of connections that the server has not accepted yet, by the name under which it will see them. */
  const announced = new Map<string, LinkClient>()
  const clients = new WeakMap<Socket, LinkClient>()
  let conditions: LinkConditions = {}
  const server = createServer({ allowHalfOpen: true, noDelay: true }, carry)
  const listening = await listen(server, options.host, options.port, target.port)
  // Before anybody else who is told of a connection, so that they can ask whose it is.
  to.prependListener('connection', recognise)

  return {
    port: listening.port,
    get conditions() {
      return conditions
    },
    change,
    linkClientOf: socket => clients.get(socket)?.address ?? null,
    hangUp: client => connections.get(client)?.destroy(),
    arrivalOf: socket => clients.get(socket)?.localAddress,
    close,
  }

  function carry(near: Socket): void {
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
    // The kernel chooses the port as soon as it is told to connect, which is on the next tick; the server can accept
    // only after that.
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
    // The port may be somebody else's after this.
    announced.delete(name)
  }

  function change(wanted: LinkConditions): void {
    conditions = wanted
    for (const connection of connections.values()) connection.changed()
  }

  /** What the server said last is still under way: it arrives before the link is broken up. */
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

/** Address and port together: a client of the page's port may come from the same port of another address. */
function nameOf(address: string | undefined, port: number | undefined): string {
  return `${address} ${port}`
}

/** Where to reach a server from its own machine, which listens on any of its addresses. */
function targetOf(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  return { host, port }
}

/** On the wanted port, or on the next after the server's, where that is free and browsers do not refuse it. */
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
