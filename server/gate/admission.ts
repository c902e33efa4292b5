import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../policy.ts'
import { Refusal } from '../refusal.ts'

export interface AdmissionOptions {
  readonly limits: Limits
  readonly draining: () => boolean
}

/** Calls back at once, or with the refusal. One that the room says in its own way is left on the request. */
export type Admission = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

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
 * Decides who is let in, before any work. A connection is let in once, with its first request, and nobody who comes
 * later takes its place from it. All that is refused here will pass.
 */
export function createAdmission(app: FastifyInstance, { limits, draining }: AdmissionOptions): Admission {
  const full = countConnections(limits)
  const tooOften = limits.perAddress === null ? null : countRequests(app, limits.perAddress.requestsPerSecond)

  return (request, reply, done) => {
    const reader = request.route.technique !== undefined
    const refusal = reader && draining() ? CLOSING : full(request)
    if (refusal !== null) reply.header('connection', 'close')
    if (refusal !== null || tooOften === null) return decide(request, refusal, done)
    tooOften(request).then(found => decide(request, found, done), done)
  }
}

function decide(request: FastifyRequest, refusal: Refusal | null, done: (error?: Error) => void): void {
  request.refusal = refusal
  if (refusal === null || request.route.refusesSoftly === true) done()
  else done(refusal)
}

/** So many connections at once, in all and from one address. */
function countConnections({ connections, perAddress }: Limits): (request: FastifyRequest) => Refusal | null {
  const admitted = new WeakSet<Socket>()
  const ofAddress = new Map<string, number>()
  let all = 0

  return request => {
    const { socket } = request.raw
    if (admitted.has(socket)) return null
    if (all >= connections) return FULL
    const address = addressOf(request)
    if (perAddress !== null && (ofAddress.get(address) ?? 0) >= perAddress.connections) return TOO_MANY
    admitted.add(socket)
    count(address, 1)
    socket.once('close', () => count(address, -1))
    return null
  }

  function count(address: string, change: 1 | -1): void {
    all += change
    const now = (ofAddress.get(address) ?? 0) + change
    if (now === 0) ofAddress.delete(address)
    else ofAddress.set(address, now)
  }
}

/** So many requests of one address in a second. */
function countRequests(
  app: FastifyInstance,
  max: number,
): (request: FastifyRequest) => Promise<Refusal | null> {
  const check = app.createRateLimit({ max, timeWindow: 1000, keyGenerator: addressOf })

  return async request => {
    const rate = await check(request)
    return !rate.isAllowed && rate.isExceeded ? TOO_OFTEN : null
  }
}

/** Who is really behind a request, also by the road. */
function addressOf(request: FastifyRequest): string {
  return request.traveller ?? request.ip
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
