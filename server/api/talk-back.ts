import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ignoredQuery } from '../gate/query.ts'
import { SAY_ENDPOINT } from '../protocol/techniques.ts'
import { SAY_MAX_BYTES } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { Say } from '../sources/say.ts'
import { endpointQuery, speakerOf } from '../techniques/technique.ts'

/** How clients talk back that cannot do so on their own connection: `POST /say` with any JSON; answers 201 with its cursor. */
export function openTalkBack(app: FastifyInstance, say: Say): void {
  app.post(
    SAY_ENDPOINT,
    {
      bodyLimit: SAY_MAX_BYTES,
      config: { serves: 'readers', publishes: true },
      preValidation: requireBody,
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

/** Without a body or a content type no parser runs, so none refuses the request. */
async function requireBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) throw new Refusal(400, 'bad-json', 'Send a body that is JSON in UTF-8.')
}
