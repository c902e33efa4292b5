import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { RoadConditions } from '../protocol.ts'
import type { Grants } from './bad-gateway.ts'
import { type Journey, openJourney } from './journey.ts'

/**
 * The second door to the same server: a TCP proxy on a port of its own, which the page's lanes travel on. Another port
 * is another pool of connections to a browser, so that the lanes never starve the page itself.
 *
 * It runs in the server's process and is not free: with nothing on, a delivery cost 2.9 times the CPU of one without
 * the road (18 → 52 µs), and came 2.3 times as late at the median (100 SSE readers, 100 events/s of 128 bytes, medians
 * of 12 interleaved pairs of 4 s, two busy cores). So no figure that was taken by the road is quoted for the server.
 */
export interface Road {
  readonly port: number
  readonly conditions: RoadConditions
  /**
   * Sets all conditions; what is not named is off. Connections that are already open feel it at once: bytes under way
   * arrive by the new delay, rate and slices, a black hole holds them until it heals, and what was buffered is let go.
   * `resetAfterBytes`, `cutAfterBytes` and `idleTimeoutMs` count from now, or from the opening of a later connection.
   * Only new connections have a handshake to wait for, and only new requests are refused.
   */
  change(conditions: RoadConditions): void
  /** The remote address of the client behind a socket of the server; null for a socket that did not come by the road. */
  travellerOf(socket: Socket): string | null
  close(): Promise<void>
}

export interface RoadOptions {
  readonly host: string
  /** `next` is the port after the server's, or any free one where that is taken or there is none. */
  readonly port: number | 'next'
  readonly grants: Grants
}

/** Opens the road to a server that listens. Rejects with the listen error, `EADDRINUSE` for one. */
export async function openRoad(to: Server, options: RoadOptions): Promise<Road> {
  const target = targetOf(to)
  const journeys = new Set<Journey>()
  /** The clients of connections that the server has not accepted yet, by the name under which it will see them. */
  const announced = new Map<string, string>()
  const travellers = new WeakMap<Socket, string>()
  let conditions: RoadConditions = {}
  const server = createServer({ allowHalfOpen: true, noDelay: true }, carry)
  await listen(server, options.host, options.port, target.port)
  // Before anybody else who is told of a connection, so that they can ask whose it is.
  to.prependListener('connection', recognise)

  return {
    port: (server.address() as AddressInfo).port,
    get conditions() {
      return conditions
    },
    change,
    travellerOf: socket => travellers.get(socket) ?? null,
    close,
  }

  function carry(near: Socket): void {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const journey = openJourney(near, far, () => conditions, options.grants)
    journeys.add(journey)
    near.once('close', () => far.closed && journeys.delete(journey))
    far.once('close', () => near.closed && journeys.delete(journey))
    // The kernel chooses the port as soon as it is told to connect, which is on the next tick; the server can accept
    // only after that.
    process.nextTick(() => {
      const name = nameOf(far.localAddress, far.localPort)
      announced.set(name, near.remoteAddress ?? 'gone')
      far.once('close', () => announced.delete(name))
    })
  }

  function recognise(socket: Socket): void {
    const name = nameOf(socket.remoteAddress, socket.remotePort)
    const traveller = announced.get(name)
    if (traveller === undefined) return
    travellers.set(socket, traveller)
    // The port may be somebody else's after this.
    announced.delete(name)
  }

  function change(wanted: RoadConditions): void {
    conditions = wanted
    for (const journey of journeys) journey.changed()
  }

  /** What the server said last is still under way: it arrives before the road is broken up. */
  async function close(): Promise<void> {
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    const { delayMs = 0, jitterMs = 0 } = conditions
    if (journeys.size > 0) await new Promise(resolve => setTimeout(resolve, delayMs + jitterMs))
    for (const journey of journeys) journey.destroy()
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

async function listen(server: Server, host: string, port: number | 'next', before: number): Promise<void> {
  if (port !== 'next') return listenAt(server, host, port)
  const next = before < 65_535 ? before + 1 : 0
  await listenAt(server, host, next).catch(() => listenAt(server, host, 0))
}

function listenAt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
