import type { FastifyReply, FastifyRequest } from 'fastify'
import { etag } from '../technique.ts'
import type { EncodedBatch } from './batch.ts'

/**
 * Answers a poll of either kind. The bytes are ready, so they go past Fastify's own sending, whose serialising and
 * header map would cost a tenth of such an answer; what hooks put on the reply goes with them.
 */
export function answerBatch(
  request: FastifyRequest,
  reply: FastifyReply,
  batch: EncodedBatch,
  cacheControl: string,
) {
  const head = [
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    cacheControl,
    'etag',
    etag(batch.cursor),
    'content-length',
    String(batch.body.length),
  ]
  for (const [name, value] of Object.entries(reply.getHeaders())) head.push(name, String(value))
  const { booking, method } = request
  const { raw } = reply
  const book = () => {
    booking.head(method === 'HEAD' ? 0 : batch.body.length)
    booking.settle()
  }
  booking.deliver(batch.events, batch.payloadBytes)
  reply.hijack()
  raw.writeHead(200, head).end(batch.body)
  // A pipelined answer has no socket until those before it are out.
  if (raw.socket === null) raw.once('finish', book)
  else book()
  return reply
}
