import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ByteAccount } from '../gate/meter.ts'
import type { EncodedBatch } from './batch.ts'

/**
 * Where a poll is to be answered: no more than that of its request and reply, since a poll that is held keeps alive
 * what it is held by, and the garbage collector copies all that is alive.
 */
export interface PendingReply {
  readonly response: ServerResponse
  readonly account: ByteAccount
  /** Headers that the answer carries besides the batch's, names and values in turn. */
  readonly further: readonly string[]
}

/** Takes the answer out of Fastify's hands, together with the grants of whoever came by the link. */
export function pendingReplyOf(
  request: FastifyRequest,
  reply: FastifyReply,
  further: readonly string[] = NONE,
): PendingReply {
  const grants = request.linkClient === null ? NONE : Object.entries(reply.getHeaders()).flat().map(String)
  reply.hijack()
  return {
    response: reply.raw,
    account: request.account,
    further: grants === NONE ? further : [...further, ...grants],
  }
}

const NONE: readonly string[] = []

/**
 * Answers a poll of either kind. Head and body are ready, so they go past Fastify's own sending, whose serialising and
 * header map would cost a tenth of such an answer.
 */
export function answerBatch(pending: PendingReply, { head, body, events, payloadBytes }: EncodedBatch): void {
  const { response, account } = pending
  response.writeHead(200, headOf(pending, head)).end(body)
  const bodyBytes = response.req.method === 'HEAD' ? 0 : body.length
  onceOnTheWay(response, () => account.answer(events, payloadBytes, bodyBytes))
}

/** Answers 304: what the reader has is still all there is. */
export function answerUnchanged(pending: PendingReply, { unchangedHead }: EncodedBatch): void {
  const { response, account } = pending
  response.writeHead(304, headOf(pending, unchangedHead)).end()
  onceOnTheWay(response, () => account.answer(0, 0, 0))
}

function headOf({ further }: PendingReply, head: string[]): string[] {
  return further.length === 0 ? head : [...head, ...further]
}

/** A pipelined answer has no socket until those before it are out. */
function onceOnTheWay(response: ServerResponse, book: () => void): void {
  if (response.socket === null) response.once('finish', book)
  else book()
}
