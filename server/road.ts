import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The second door to the same server: a TCP proxy on a port of its own, which the page's lanes travel on. Another port
 * is another pool of connections to a browser, so that the lanes never starve the page itself.
 */
export interface Road {
  readonly port: number
  /** Whether a socket of the server is the near end of one that came by the road. */
  carries(socket: Socket): boolean
  close(): Promise<void>
}

/** Opens the road to `target` on `port` of `host`. Rejects with the listen error, `EADDRINUSE` for one. */
export async function openRoad(
  host: string,
  port: number,
  target: { host: string; port: number },
): Promise<Road> {
  /** Local ports of the connections to the server: the server knows its sockets from the road by them. */
  const carried = new Set<number>()
  const travellers = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, carry)
  await listen(server, port, host)

  return {
    port: (server.address() as AddressInfo).port,
    carries: socket => socket.remotePort !== undefined && carried.has(socket.remotePort),
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const traveller of travellers) traveller.destroy()
      await closed
    },
  }

  function carry(near: Socket): void {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
    // Not a byte goes before the server can know whose it is.
    far.once('connect', () => {
      const { localPort } = far
      if (localPort === undefined) return
      carried.add(localPort)
      far.once('close', () => carried.delete(localPort))
      near.pipe(far)
      far.pipe(near)
    })
    join(near, far)
    join(far, near)
  }

  /** An end that breaks breaks the other, a reset as a reset, so that what a reader feels is what happened. */
  function join(one: Socket, other: Socket): void {
    travellers.add(one)
    one.once('close', () => {
      travellers.delete(one)
      if (!other.writableFinished) other.destroy()
    })
    one.on('error', () => other.resetAndDestroy())
  }
}

/** Opens the road on the port after its target's, or on any free one where that is taken or there is none. */
export async function openNextRoad(target: { host: string; port: number }): Promise<Road> {
  const next = target.port < 65_535 ? target.port + 1 : 0
  return openRoad(target.host, next, target).catch(() => openRoad(target.host, 0, target))
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
