import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EncodedBatch } from './batch.ts'

/**
 * Answers a poll of either kind. Head and body are ready, so they go past Fastify's own sending, whose serialising and
 * header map would cost a tenth of such an answer. `further` headers, names and values in turn, go with them, and the
 * grants of whoever came by the road.
 */
export function answerBatch(
  { booking, method, traveller }: FastifyRequest,
  reply: FastifyReply,
  batch: EncodedBatch,
  further: readonly string[] = [],
): void {
  const { raw } = reply
  const book = () => {
    booking.head(method === 'HEAD' ? 0 : batch.body.length)
    booking.settle()
  }
  booking.deliver(batch.events, batch.payloadBytes)
  const grants = traveller === null ? [] : Object.entries(reply.getHeaders()).flat().map(String)
  reply.hijack()
  raw.writeHead(200, [...batch.head, ...further, ...grants]).end(batch.body)
  // A pipelined answer has no socket until those before it are out.
  if (raw.socket === null) raw.once('finish', book)
  else book()
}
