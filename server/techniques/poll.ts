import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { answerBatch, answerUnchanged, pendingReplyOf } from '../delivery/answer-batch.ts'
import { createBatches, type EncodedBatch } from '../delivery/batch.ts'
import { TRAITS } from '../protocol/techniques.ts'
import { askedOf, endpointQuery, type TechniqueServer } from './technique.ts'

/** Polling: *since*, answered at once, whether or not there is anything. */
export const poll: TechniqueServer = {
  sentence: 'since',
  upgrades: false,

  open(app, context) {
    const batches = createBatches(context.log, CACHE)

    app.route({
      method: ['GET', 'HEAD'],
      url: TRAITS.poll.endpoint,
      config: { technique: 'poll', serves: 'readers', answersIn: 'application/json' },
      schema: { querystring: Type.Object(endpointQuery, { additionalProperties: false }) },
      handler: answer,
    })

    return { readers: 0, drain: async () => {} }

    function answer(request: FastifyRequest, reply: FastifyReply): void {
      const batch = batches()(askedOf(request))
      const unchanged = batch.nothingNew && matches(request, batch)
      const pending = pendingReplyOf(request, reply)
      if (unchanged) answerUnchanged(pending, batch)
      else answerBatch(pending, batch)
    }
  },
}

const CACHE = 'no-cache, private'

/** `If-None-Match` names the batch's cursor: a list of tags, compared weakly (RFC 9110 §13.1.2). `*` names nobody's place. */
function matches(request: FastifyRequest, batch: EncodedBatch): boolean {
  const tags = request.headers['if-none-match']
  if (tags === undefined) return false
  return tags.split(',').some(tag => tag.trim().replace(/^W\//, '') === batch.etag)
}
