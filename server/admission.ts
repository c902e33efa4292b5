import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limits } from './policy.ts'
import { Refusal } from './refusal.ts'

export interface AdmissionOptions {
  readonly limits: Limits
  readonly draining: () => boolean
  /** Open sockets of the server, all of them. */
  readonly connections: () => number
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

/** Decides who is let in, before any work. All that is refused here will pass. */
export function admit(app: FastifyInstance, { limits, draining, connections }: AdmissionOptions): void {
  const { perAddress } = limits
  const ofAddress = perAddress === null ? null : admitAddress(app, perAddress)

  app.addHook('onRequest', (request, _reply, done) => {
    const { technique } = request.routeOptions.config
    const closing = technique !== undefined && draining()
    const refusal = closing ? CLOSING : connections() > limits.connections ? FULL : null
    if (refusal !== null || ofAddress === null) return decide(request, refusal, done)
    ofAddress(request).then(found => decide(request, found, done), done)
  })
}

function decide(request: FastifyRequest, refusal: Refusal | null, done: (error?: Error) => void): void {
  request.refusal = refusal
  if (refusal === null || request.routeOptions.config.refusesSoftly === true) done()
  else done(refusal)
}

/** What one address may have: so many connections at once, and so many requests in a second. */
function admitAddress(app: FastifyInstance, limit: NonNullable<Limits['perAddress']>) {
  const connections = new Map<string, number>()
  const counted = new WeakSet<object>()
  const inThisSecond = app.createRateLimit({
    max: limit.requestsPerSecond,
    timeWindow: 1000,
    keyGenerator: addressOf,
  })

  return async (request: FastifyRequest): Promise<Refusal | null> => {
    if (count(request) > limit.connections) return TOO_MANY
    const rate = await inThisSecond(request)
    return !rate.isAllowed && rate.isExceeded ? TOO_OFTEN : null
  }

  /** Connections of the request's address, its own included. */
  function count(request: FastifyRequest): number {
    const address = addressOf(request)
    const { socket } = request.raw
    if (!counted.has(socket)) {
      counted.add(socket)
      connections.set(address, (connections.get(address) ?? 0) + 1)
      socket.once('close', () => forget(address))
    }
    return connections.get(address) ?? 0
  }

  function forget(address: string): void {
    const left = (connections.get(address) ?? 1) - 1
    if (left === 0) connections.delete(address)
    else connections.set(address, left)
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
