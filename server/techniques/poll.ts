import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerBatch, answerUnchanged, pendingReplyOf } from '../delivery/answer-batch.ts'
import { createBatches, type EncodedBatch } from '../delivery/batch.ts'
import { cursorTextOf, routeOf, type TechniqueContext, type TechniqueHandle } from './technique.ts'

/** Polling: *since*, answered at once, whether or not there is anything. */
export function openPoll(app: FastifyInstance, { log }: TechniqueContext): TechniqueHandle {
  const batches = createBatches(log, 'no-cache, private')
  app.route({ ...routeOf('poll'), handler: answer })

  return { readers: 0, drain: async () => {} }

  function answer(request: FastifyRequest, reply: FastifyReply): void {
    const batch = batches.of(cursorTextOf(request))
    const unchanged = batch.nothingNew && matches(request, batch)
    const pending = pendingReplyOf(request, reply)
    if (unchanged) answerUnchanged(pending, batch)
    else answerBatch(pending, batch)
  }
}

/** `If-None-Match` names the batch's cursor: a list of tags, compared weakly (RFC 9110 §13.1.2). `*` matches no cursor. */
function matches(request: FastifyRequest, batch: EncodedBatch): boolean {
  const tags = request.headers['if-none-match']
  if (tags === undefined) return false
  return tags.split(',').some(tag => tag.trim().replace(/^W\//, '') === batch.etag)
}
