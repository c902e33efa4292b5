import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CLIENT_NAME } from '../protocol/wire.ts'
import type { Admission } from './admission.ts'
import { decorateRequests } from './decorate-requests.ts'
import type { Guard } from './guard.ts'
import type { Meter } from './meter.ts'
import { closeQueuedAnswers } from './queued-answers.ts'
import { asksForUpgrade } from './upgrade.ts'

/**
 * What every request passes, HTTP and upgrade alike: its bytes are counted, the guard checks whether it is allowed, and
 * the admission whether there is a slot for it. One hook for all of it, because each hook costs a poll.
 */
export function openEntrance(app: FastifyInstance, meter: Meter, guard: Guard, admission: Admission): void {
  app.server.on('connection', meter.watch)
  app.server.on('connection', admission.connected)
  closeQueuedAnswers(app.server)
  decorateRequests(app)

  app.addHook('onRequest', (request, reply, done) => {
    const { config } = request.routeOptions
    request.route = config
    request.account = meter.begin(request.raw.socket, config.technique ?? null, clientOf(request))
    const refusal = guard.refusalOf(request, guard.receive(request, reply)) ?? admission.admit(request)
    if (refusal === null) done()
    else done(refusal)
  })
  // Not `onResponse`: Fastify would listen to every answer for it. Techniques that send an answer themselves count it.
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.raw.once('finish', () => finish(request, reply))
    done()
  })
}

function finish(request: FastifyRequest, reply: FastifyReply): void {
  const length = reply.getHeader('content-length')
  const bodiless = request.method === 'HEAD' || reply.statusCode === 304 || reply.statusCode === 204
  if (bodiless || length !== undefined) request.account.head(bodiless ? 0 : Number(length))
  request.account.settle()
  // An upgrade that got an ordinary answer was refused, and nothing reads its connection any more.
  if (asksForUpgrade(request)) request.raw.socket.destroy()
}

function clientOf(request: FastifyRequest): string | null {
  const { client } = request.query as { client?: unknown }
  return typeof client === 'string' && CLIENT_NAME.test(client) ? client : null
}
