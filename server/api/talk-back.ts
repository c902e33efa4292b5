import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ignoredQuery } from '../gate/query.ts'
import { SAY_ENDPOINT } from '../protocol/techniques.ts'
import { SAY_MAX_BYTES } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { Say } from '../sources/say.ts'
import { endpointQuery, speakerOf } from '../techniques/technique.ts'

/** How everyone but a WebSocket talks back: `POST /say` with what there is to say as JSON; 201 with its cursor. */
export function openTalkBack(app: FastifyInstance, say: Say): void {
  app.post(
    SAY_ENDPOINT,
    {
      bodyLimit: SAY_MAX_BYTES,
      config: { serves: 'readers', publishes: true },
      preValidation: demandBody,
      schema: {
        querystring: Type.Object(
          { client: endpointQuery.client, ...ignoredQuery },
          { additionalProperties: false },
        ),
      },
    },
    async (request, reply) => reply.code(201).send({ said: await say(request.body, speakerOf(request)) }),
  )
}

/** Without a body or a content type there is nothing to parse, nor does any parser say so. */
async function demandBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) throw new Refusal(400, 'bad-json', 'Send a body that is JSON.')
}
