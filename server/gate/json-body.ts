import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseExact } from '../exact-json.ts'
import { PublishRefusal } from '../log/event-log.ts'
import { Refusal } from '../refusal.ts'

/** Reads bodies, which are JSON in UTF-8 and nothing else. Throws `Refusal` 400, and `PublishRefusal` where the route publishes. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (OTHER_CHARSET.test(request.headers['content-type'] ?? '')) throw NOT_JSON
      return parse(request, bytes)
    },
  )
}

function parse(request: FastifyRequest, bytes: Buffer): unknown {
  try {
    return parseExact(bytes)
  } catch (error) {
    if (!(error instanceof PublishRefusal)) throw NOT_JSON
    throw request.routeOptions.config.publishes ? error : NO_SUCH_NUMBER
  }
}

/** RFC 8259 §11 defines no charset; one that names UTF-8 or a part of it is accepted. */
const OTHER_CHARSET = /;\s*charset\s*=(?!\s*"?(utf-?8|us-ascii)"?\s*(;|$))/i
const NOT_JSON = new Refusal(400, 'bad-json', 'Send a body that is JSON in UTF-8.')
const NO_SUCH_NUMBER = new Refusal(400, 'bad-body', 'Send numbers that a double can hold exactly.')
