import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Booking } from '../gate/meter.ts'
import type { EncodedBatch } from './batch.ts'

/**
 * Where a poll is to be answered: no more than that of its request and reply, since a poll that is held keeps alive
 * what it is held by, and the garbage collector copies all that is alive.
 */
export interface Desk {
  readonly response: ServerResponse
  readonly booking: Booking
  /** Headers that the answer carries besides the batch's, names and values in turn. */
  readonly further: readonly string[]
}

/** Takes the answer out of Fastify's hands, together with the grants of whoever came by the road. */
export function deskOf(
  request: FastifyRequest,
  reply: FastifyReply,
  further: readonly string[] = NONE,
): Desk {
  const grants = request.traveller === null ? NONE : Object.entries(reply.getHeaders()).flat().map(String)
  reply.hijack()
  return {
    response: reply.raw,
    booking: request.booking,
    further: grants === NONE ? further : [...further, ...grants],
  }
}

const NONE: readonly string[] = []

/**
 * Answers a poll of either kind. Head and body are ready, so they go past Fastify's own sending, whose serialising and
 * header map would cost a tenth of such an answer.
 */
export function answerBatch(desk: Desk, { head, body, events, payloadBytes }: EncodedBatch): void {
  const { response, booking } = desk
  response.writeHead(200, headOf(desk, head)).end(body)
  const bodyBytes = response.req.method === 'HEAD' ? 0 : body.length
  onceOnTheWay(response, () => booking.answer(events, payloadBytes, bodyBytes))
}

/** Answers 304: what the reader has is still all there is. */
export function answerUnchanged(desk: Desk, { unchangedHead }: EncodedBatch): void {
  const { response, booking } = desk
  response.writeHead(304, headOf(desk, unchangedHead)).end()
  onceOnTheWay(response, () => booking.answer(0, 0, 0))
}

function headOf({ further }: Desk, head: string[]): string[] {
  return further.length === 0 ? head : [...head, ...further]
}

/** A pipelined answer has no socket until those before it are out. */
function onceOnTheWay(response: ServerResponse, book: () => void): void {
  if (response.socket === null) response.once('finish', book)
  else book()
}
