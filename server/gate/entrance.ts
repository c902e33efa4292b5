import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CLIENT_NAME } from '../protocol/wire.ts'
import type { Admission } from './admission.ts'
import type { Guard } from './guard.ts'
import type { ByteAccount, Meter } from './meter.ts'
import { closeQueuedAnswers } from './queued-answers.ts'
import { asksForUpgrade } from './upgrade.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where this request's bytes are booked. */
    account: ByteAccount
    /** What its route says of itself. Fastify makes the whole of `routeOptions` anew each time it is asked. */
    route: FastifyContextConfig
  }
}

/**
 * What every request passes, HTTP and upgrade alike, in one hook, since each hook costs a poll: its bytes are booked,
 * the guard looks whether it has any business here, and the admission whether there is room.
 */
export function openEntrance(app: FastifyInstance, meter: Meter, guard: Guard, admission: Admission): void {
  app.server.on('connection', meter.watch)
  app.server.on('connection', admission.connected)
  closeQueuedAnswers(app.server)
  // Declared before, so that all requests have one shape: properties that come later make each access slow.
  for (const name of ['account', 'route', 'linkClient', 'refusal']) app.decorateRequest(name, null)

  app.addHook('onRequest', (request, reply, done) => {
    const { config } = request.routeOptions
    request.route = config
    request.account = meter.begin(request.raw.socket, config.technique ?? null, clientOf(request))
    const refusal = guard(request, reply)
    if (refusal === undefined) admission.admit(request, reply, done)
    else done(refusal)
  })
  // Not `onResponse`, for which Fastify would listen to every answer: what a room sends itself it books itself.
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.raw.once('finish', () => leave(request, reply))
    done()
  })
}

function leave(request: FastifyRequest, reply: FastifyReply): void {
  const length = reply.getHeader('content-length')
  const bodiless = request.method === 'HEAD' || reply.statusCode === 304 || reply.statusCode === 204
  if (bodiless || length !== undefined) request.account.head(bodiless ? 0 : Number(length))
  request.account.settle()
  // An upgrade that was answered like any other request was refused: nobody reads that connection any more.
  if (asksForUpgrade(request)) request.raw.socket.destroy()
}

function clientOf(request: FastifyRequest): string | null {
  const { client } = request.query as { client?: unknown }
  return typeof client === 'string' && CLIENT_NAME.test(client) ? client : null
}
