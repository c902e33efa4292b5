import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Limits } from '../policy.ts'
import { Refusal } from '../refusal.ts'
import { createBudget } from './budget.ts'
import { clientAddressOf, countedAs } from './client-address.ts'

export interface AdmissionOptions {
  readonly limits: Limits
  readonly draining: () => boolean
  readonly monotonicMs: () => number
  /** The address of the client of a connection that came by the link; null for any other connection. */
  readonly linkClientOf: (socket: Socket) => string | null
  /** Whether an address is that of a reverse proxy, whose connections carry many clients. */
  readonly isProxy: (address: string) => boolean
}

export interface Admission {
  /** A connection was opened. One beyond all limits is closed without an answer. */
  connected(socket: Socket): void
  /** Why a request should come later; null if it is admitted. On a route that says so by a `bye`, it is admitted with `refusal` set. */
  admit(request: FastifyRequest): Refusal | null
}

/**
 * Decides who is admitted, before any work. A connection takes a slot with its first request and keeps it, whoever comes
 * later. Connections without a request take no slot, but their number is limited as well: they use the spare connections,
 * which exist to tell clients why they are refused. Every refusal here is temporary.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { limits, draining, monotonicMs, linkClientOf, isProxy } = options
  const { perAddress } = limits
  const slots = createSlots(limits)
  const open = createSlots({
    connections: limits.connections + SPARE,
    perAddress: perAddress && { connections: perAddress.connections + SPARE },
  })
  const requests = perAddress && createBudget(budgetOf(perAddress.requestsPerSecond), monotonicMs)
  return { connected, admit }

  function connected(socket: Socket): void {
    const peer = linkClientOf(socket) ?? socket.remoteAddress ?? ''
    const address = perAddress === null || isProxy(peer) ? null : countedAs(peer)
    if (open.take(socket, address) !== null) socket.destroy()
  }

  function admit(request: FastifyRequest): Refusal | null {
    const refusal = refusalOf(request)
    request.refusal = refusal
    return request.route.laterBy === 'bye' ? null : refusal
  }

  function refusalOf(request: FastifyRequest): Refusal | null {
    if (draining() && request.route.technique !== undefined) return CLOSING
    const address = perAddress === null ? null : clientAddressOf(request)
    const noSlot = slots.take(request.raw.socket, address)
    if (noSlot !== null) return noSlot
    return requests !== null && address !== null && !requests(address) ? TOO_MANY_REQUESTS : null
  }
}

/** Connections beyond the limits, in all and from one address, that are accepted only to be told why they are refused. */
const SPARE = 100

/** As many at once as in a second. */
function budgetOf(perSecond: number): { burst: number; perSecond: number } {
  return { burst: perSecond, perSecond }
}

interface Slots {
  /**
   * Takes a slot for a connection, or says why there is none. A connection keeps the slot that it has; behind a proxy it may
   * carry another client's request than before, and then counts for that client's address. `null` counts in the total only.
   */
  take(socket: Socket, address: string | null): Refusal | null
}

function createSlots(limits: {
  readonly connections: number
  readonly perAddress: { readonly connections: number } | null
}): Slots {
  const holders = new Map<Socket, string | null>()
  const ofAddress = new Map<string, number>()
  return { take }

  function take(socket: Socket, address: string | null): Refusal | null {
    const holder = holders.get(socket)
    if (holder === address) return null
    if (holder === undefined && holders.size >= limits.connections) return FULL
    const most = limits.perAddress?.connections ?? Number.POSITIVE_INFINITY
    if (address !== null && (ofAddress.get(address) ?? 0) >= most) return TOO_MANY_CONNECTIONS
    if (holder === undefined) socket.once('close', () => release(socket))
    else count(holder, -1)
    holders.set(socket, address)
    count(address, 1)
    return null
  }

  function release(socket: Socket): void {
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

const CLOSES = { headers: { connection: 'close' } }
const CLOSING = new Refusal(503, 'closing', 'Come back in a few seconds: the server is closing.', CLOSES)
const FULL = new Refusal(
  503,
  'full',
  'Come back later: the server has as many connections as it takes.',
  CLOSES,
)
const TOO_MANY_CONNECTIONS = new Refusal(
  429,
  'too-many-connections',
  'Close some connections: your address has too many.',
  CLOSES,
)
const TOO_MANY_REQUESTS = new Refusal(
  429,
  'too-many-requests',
  'Send requests less often: your address sent too many in this second.',
)
