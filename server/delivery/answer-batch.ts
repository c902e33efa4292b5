import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ByteAccount } from '../gate/meter.ts'
import type { EncodedBatch } from './batch.ts'

/**
 * What it takes to answer a poll, and nothing else of its request and reply: a held poll keeps all of this alive, and the
 * garbage collector copies what is alive.
 */
export interface PendingReply {
  readonly response: ServerResponse
  readonly account: ByteAccount
  /** Headers besides those of the batch, names and values in turn. */
  readonly headers: readonly string[]
}

/** Takes the answer from Fastify, together with the CORS headers that a request by the link was given. */
export function pendingReplyOf(
  request: FastifyRequest,
  reply: FastifyReply,
  headers: readonly string[] = NONE,
): PendingReply {
  const grants = request.linkClient === null ? NONE : Object.entries(reply.getHeaders()).flat().map(String)
  reply.hijack()
  return {
    response: reply.raw,
    account: request.account,
    headers: grants === NONE ? headers : [...headers, ...grants],
  }
}

const NONE: readonly string[] = []

/**
 * Answers a poll of either kind. Head and body are ready, so they bypass Fastify's own sending: its serialising and its
 * map of headers would add a tenth to the cost of such an answer.
 */
export function answerBatch(pending: PendingReply, { head, body, events, payloadBytes }: EncodedBatch): void {
  const { response, account } = pending
  response.writeHead(200, headOf(pending, head)).end(body)
  const bodyBytes = response.req.method === 'HEAD' ? 0 : body.length
  onceWritten(response, () => account.answer(events, payloadBytes, bodyBytes))
}

/** Answers 304: the reader has everything. */
export function answerUnchanged(pending: PendingReply, { unchangedHead }: EncodedBatch): void {
  const { response, account } = pending
  response.writeHead(304, headOf(pending, unchangedHead)).end()
  onceWritten(response, () => account.answer(0, 0, 0))
}

function headOf({ headers }: PendingReply, head: string[]): string[] {
  return headers.length === 0 ? head : [...head, ...headers]
}

/** A pipelined answer has no socket until those before it have been sent. */
function onceWritten(response: ServerResponse, count: () => void): void {
  if (response.socket === null) response.once('finish', count)
  else count()
}
