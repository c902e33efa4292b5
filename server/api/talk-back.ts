import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { SAY_DOOR, SAY_MAX_BYTES } from '../protocol.ts'
import { ignoredQuery } from '../query.ts'
import type { Say } from '../say.ts'
import { doorQuery, speakerOf } from '../technique.ts'

/** How everyone but a WebSocket talks back: `POST /say` with what there is to say as JSON; 201 with its cursor. */
export function openTalkBack(app: FastifyInstance, say: Say): void {
  app.post(
    SAY_DOOR,
    {
      bodyLimit: SAY_MAX_BYTES,
      config: { serves: 'readers' },
      schema: {
        querystring: Type.Object(
          { client: doorQuery.client, ...ignoredQuery },
          { additionalProperties: false },
        ),
      },
    },
    async (request, reply) => reply.code(201).send({ said: await say(request.body, speakerOf(request)) }),
  )
}
