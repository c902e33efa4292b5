import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PublishRefusal } from '../log/event-log.ts'
import { BAD_CURSOR } from '../log/place.ts'
import type { RefusalBody, RefusalParams } from '../protocol/api.ts'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import { knownKeys } from './query.ts'

/**
 * Answers every error as a `RefusalBody` with the right status. No input is echoed and no stack is shown; an unexpected
 * error goes to `complain`, whole.
 */
export function answerErrors(app: FastifyInstance, complain: (error: Error) => void): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error, request)
    if (refusal === null) complain(error)
    answer(
      reply,
      refusal ?? new Refusal(500, 'broken', 'Try again, and report it: this is a fault of the server.'),
    )
  })
}

function answer(reply: FastifyReply, { statusCode, code, message, params, headers }: Refusal): void {
  if (statusCode === 429 || statusCode === 503) reply.header('retry-after', '1')
  if (statusCode === 426) {
    // RFC 9110 §15.5.22. With `upgrade` in it, Node no longer adds by itself whether the connection stays open.
    reply.headers({
      upgrade: UPGRADE_TOKEN,
      connection: reply.raw.shouldKeepAlive ? 'upgrade' : 'close, upgrade',
    })
  }
  if (headers !== undefined) reply.headers(headers)
  const body: RefusalBody = params === undefined ? { error: message, code } : { error: message, code, params }
  reply.code(statusCode).header('cache-control', 'no-store').send(body)
}

function refusalOf(error: FastifyError, request: FastifyRequest): Refusal | null {
  if (error instanceof Refusal) return error
  if (error instanceof PublishRefusal) {
    const { code, message, params } = error
    return new Refusal(code === 'data-too-large' ? 413 : 400, code, message, params && { params })
  }
  if (error.validation !== undefined) return ofValidation(error, request)
  const status = error.statusCode ?? 500
  if (status >= 500) return null
  const { code, message } = BY_STATUS[status] ?? MALFORMED
  return new Refusal(status, code, message)
}

const BY_STATUS: Readonly<Record<number, { code: string; message: string }>> = {
  400: { code: 'bad-json', message: 'Send a body that is JSON in UTF-8.' },
  413: { code: 'too-large', message: 'Send a smaller body.' },
  415: { code: 'not-json', message: 'Send JSON, with Content-Type: application/json.' },
}

const MALFORMED = new Refusal(400, 'bad-request', 'Send a well-formed request.')

function ofValidation(error: FastifyError, request: FastifyRequest): Refusal {
  const { validation, validationContext: where } = error
  const inQuery = where === 'querystring'
  const fault = validation?.[0]
  if (fault === undefined) return MALFORMED
  const { keyword } = fault
  const name = fault.instancePath.slice(1)
  if (inQuery && (name === 'cursor' || name === 'lastEventId')) return BAD_CURSOR
  if (where === 'headers') {
    return new Refusal(400, 'bad-headers', `Correct the header ${name}, or leave it out.`, {
      params: { name },
    })
  }
  const [code, part] = inQuery ? ['bad-query', 'the query'] : ['bad-body', 'the body']
  if (keyword === 'additionalProperties') {
    const { querystring, body } = request.routeOptions.schema ?? {}
    const schema = (inQuery ? querystring : body) as { properties?: object } | undefined
    const known = knownKeys(schema?.properties ?? {})
    const message = `Leave unknown keys out of ${part}; known are: ${known.join(', ') || 'none'}.`
    return new Refusal(400, code, message, { params: { keyword, known } })
  }
  const message = `Correct ${name === '' ? part : `${name} in ${part}`}: it ${fault.message ?? 'is not valid'}.`
  const params = { keyword, ...(name === '' ? {} : { name }), ...ruleOf(fault.params) }
  return new Refusal(400, code, message, { params })
}

/** What a rule of the schema demands. Only these: other members may hold what the client sent. */
const RULE_MEMBERS = ['limit', 'type', 'pattern', 'missingProperty', 'allowedValues'] as const

function ruleOf(params: Readonly<Record<string, unknown>>): RefusalParams {
  return Object.fromEntries(
    RULE_MEMBERS.filter(member => member in params).map(member => [member, params[member]]),
  ) as RefusalParams
}
