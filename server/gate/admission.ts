import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../policy.ts'
import { Refusal } from '../refusal.ts'
import { createBudget } from './budget.ts'
import { clientAddressOf, countedAs } from './client-address.ts'

export interface AdmissionOptions {
  readonly limits: Limits
  readonly draining: () => boolean
  readonly monotonicMs: () => number
  /** Where the client of a connection is by the link; null where the connection did not come by it. */
  readonly linkClientOf: (socket: Socket) => string | null
  /** Whether an address is that of a reverse proxy, on whose connections there are many clients. */
  readonly isProxy: (address: string) => boolean
}

export interface Admission {
  /** A connection is there. One that is beyond all limits is closed without a word. */
  connected(socket: Socket): void
  /** Calls back at once, or with the refusal. One that the room says in its own way is left on the request. */
  admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Why this request should come back later, where its room says so in its own way. */
    refusal: Refusal | null
  }
  interface FastifyContextConfig {
    /** This room says a passing refusal in its own way: a status would be final for its readers. */
    refusesSoftly?: boolean
  }
}

/**
 * Decides who is let in, before any work. A connection takes a place with its first request, and nobody who comes later
 * takes it away. Connections on which nothing is asked take no place, but there may only be so many of them: they wait
 * in the room that is left to tell others why they are refused. All that is refused here will pass.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { limits, draining, monotonicMs, linkClientOf, isProxy } = options
  const { perAddress } = limits
  const places = createPlaces(limits)
  const open = createPlaces({
    connections: limits.connections + SPARE,
    perAddress: perAddress && { connections: perAddress.connections + SPARE },
  })
  const asks = perAddress && createBudget(budgetOf(perAddress.requestsPerSecond), monotonicMs)
  return { connected, admit }

  function connected(socket: Socket): void {
    const peer = linkClientOf(socket) ?? socket.remoteAddress ?? ''
    const address = perAddress === null || isProxy(peer) ? null : countedAs(peer)
    if (open.take(socket, address) !== null) socket.destroy()
  }

  function admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const refusal = refusalOf(request)
    request.refusal = refusal
    if (refusal !== null && refusal !== TOO_OFTEN) reply.header('connection', 'close')
    if (refusal === null || request.route.refusesSoftly === true) done()
    else done(refusal)
  }

  function refusalOf(request: FastifyRequest): Refusal | null {
    if (draining() && request.route.technique !== undefined) return CLOSING
    const address = perAddress === null ? null : clientAddressOf(request)
    const noPlace = places.take(request.raw.socket, address)
    if (noPlace !== null) return noPlace
    return asks !== null && address !== null && !asks(address) ? TOO_OFTEN : null
  }
}

/** So many connections beyond the limits are listened to, in all and from one address, to be told why not. */
const SPARE = 100

/** As many in the first instant as in a second. */
function budgetOf(perSecond: number): { burst: number; perSecond: number } {
  return { burst: perSecond, perSecond }
}

interface Places {
  /**
   * Takes a place for a connection, or says why there is none. One that has a place keeps it; by a proxy it may carry
   * another client's request than before, and then counts for that address. `null` counts in all only.
   */
  take(socket: Socket, address: string | null): Refusal | null
}

function createPlaces(limits: {
  readonly connections: number
  readonly perAddress: { readonly connections: number } | null
}): Places {
  const holders = new Map<Socket, string | null>()
  const ofAddress = new Map<string, number>()
  return { take }

  function take(socket: Socket, address: string | null): Refusal | null {
    const holder = holders.get(socket)
    if (holder === address) return null
    if (holder === undefined && holders.size >= limits.connections) return FULL
    const most = limits.perAddress?.connections ?? Number.POSITIVE_INFINITY
    if (address !== null && (ofAddress.get(address) ?? 0) >= most) return TOO_MANY
    if (holder === undefined) socket.once('close', () => leave(socket))
    else count(holder, -1)
    holders.set(socket, address)
    count(address, 1)
    return null
  }

  function leave(socket: Socket): void {
    count(holders.get(socket) ?? null, -1)
    holders.delete(socket)
  }

  function count(address: string | null, change: 1 | -1): void {
    if (address === null) return
    const now = (ofAddress.get(address) ?? 0) + change
    if (now === 0) ofAddress.delete(address)
    else ofAddress.set(address, now)
  }
}

const CLOSING = new Refusal(503, 'closing', 'Come back in a few seconds: the server is closing.')
const FULL = new Refusal(503, 'full', 'Come back later: as many are connected as the server takes.')
const TOO_MANY = new Refusal(
  429,
  'too-many-connections',
  'Close some connections: your address has too many.',
)
const TOO_OFTEN = new Refusal(
  429,
  'too-many-requests',
  'Ask less often: your address asked too much in this second.',
)
