import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PublishRefusal } from '../log/event-log.ts'
import type { Refusal as RefusalBody } from '../protocol/api.ts'
import { Refusal } from '../refusal.ts'
import { knownKeys } from './query.ts'

/**
 * Every error becomes `{"error", "code"}` with the right status. Nothing of the input is echoed and no stack is shown;
 * what nobody expected goes to `complain`, whole.
 */
export function answerErrors(app: FastifyInstance, complain: (error: Error) => void): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error, request)
    if (refusal === null) complain(error)
    answer(
      reply,
      refusal ?? new Refusal(500, 'broken', 'This is a fault of the server: try again, and report it.'),
    )
  })
}

function answer(reply: FastifyReply, { statusCode, code, message }: Refusal): void {
  if (statusCode === 429 || statusCode === 503) reply.header('retry-after', '1')
  if (statusCode === 426) {
    // RFC 9110 §15.5.22. Naming `upgrade`, Node no longer says by itself whether the connection stays.
    reply.headers({
      upgrade: 'websocket',
      connection: reply.raw.shouldKeepAlive ? 'upgrade' : 'close, upgrade',
    })
  }
  const body: RefusalBody = { error: message, code }
  reply.code(statusCode).header('cache-control', 'no-store').send(body)
}

function refusalOf(error: FastifyError, request: FastifyRequest): Refusal | null {
  if (error instanceof Refusal) return error
  if (error instanceof PublishRefusal) {
    return new Refusal(error.code === 'data-too-large' ? 413 : 400, error.code, error.message)
  }
  if (error.validation !== undefined) return ofValidation(error, request)
  const status = error.statusCode ?? 500
  if (status >= 500) return null
  const { code, message } = BY_STATUS[status] ?? {
    code: 'bad-request',
    message: 'Send a well-formed request.',
  }
  return new Refusal(status, code, message)
}

const BY_STATUS: Readonly<Record<number, { code: string; message: string }>> = {
  400: { code: 'bad-json', message: 'Send a body that is JSON in UTF-8.' },
  413: { code: 'too-large', message: 'Send a smaller body.' },
  415: { code: 'not-json', message: 'Send JSON, with Content-Type: application/json.' },
}

function ofValidation(error: FastifyError, request: FastifyRequest): Refusal {
  const { validationContext: where } = error
  const inQuery = where === 'querystring'
  const fault = error.validation?.[0]
  if (fault === undefined) return new Refusal(400, 'bad-request', 'Send a well-formed request.')
  const name = fault.instancePath.slice(1)
  if (inQuery && (name === 'cursor' || name === 'lastEventId')) {
    return new Refusal(
      400,
      'bad-cursor',
      'Give one cursor, as you received it, or the word now, or earliest, or none.',
    )
  }
  if (where === 'headers') return new Refusal(400, 'bad-headers', `Mend the header ${name}, or leave it out.`)
  const [code, part] = inQuery ? ['bad-query', 'the query'] : ['bad-body', 'the body']
  const schema = inQuery ? request.routeOptions.schema?.querystring : request.routeOptions.schema?.body
  const known = knownKeys((schema as { properties?: object } | undefined)?.properties ?? {})
  if (fault.keyword === 'additionalProperties') {
    return new Refusal(
      400,
      code,
      `Leave unknown keys out of ${part}; known are: ${known.join(', ') || 'none'}.`,
    )
  }
  return new Refusal(
    400,
    code,
    `Mend ${name === '' ? part : `${name} in ${part}`}: it ${fault.message ?? 'is not valid'}.`,
  )
}
