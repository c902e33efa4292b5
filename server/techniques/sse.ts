import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Envelope } from '../delivery/fanout.ts'
import { createHttpStreams } from '../delivery/http-stream.ts'
import { type Place, readPlace } from '../log/place.ts'
import { drawRetryMs, type Policy } from '../policy.ts'
import { type Bye, formatCursor } from '../protocol/wire.ts'
import {
  type EndpointQuery,
  placeOf,
  routeOf,
  type TechniqueContext,
  type TechniqueHandle,
} from './technique.ts'

/** Server-Sent Events: *since*, then *follow*, as lines of text in one answer that does not end. */
export function openSse(app: FastifyInstance, context: TechniqueContext): TechniqueHandle {
  const streams = createHttpStreams({
    ...context,
    envelope: sseEnvelope(context.policy),
    contentType: 'text/event-stream; charset=utf-8',
  })
  app.route({
    ...routeOf('sse'),
    handler: (request, reply) => streams.answer(request, reply, resumePlaceOf(request)),
  })
  app.addHook('onClose', async () => streams.close())

  return streams
}

/**
 * Where an EventSource resumes: the `Last-Event-ID` header, else the query's `lastEventId`, which several libraries send
 * instead, else the query's `cursor`. An empty one counts as none, because some send it before the first event.
 */
function resumePlaceOf(request: FastifyRequest): Place {
  const { lastEventId } = request.query as EndpointQuery
  const last = String(request.headers['last-event-id'] ?? '') || lastEventId || undefined
  return last === undefined ? placeOf(request) : readPlace(last)
}

/**
 * The event stream format (WHATWG HTML §9.2.5). The JSON in `data` never needs splitting into lines: JSON.stringify
 * escapes every CR and LF, and no other character ends a line there.
 */
export function sseEnvelope(policy: Policy): Envelope {
  return {
    overheadBytes: 'data: \nid: k3f9x2ab7q-9007199254740991\n\n'.length,
    // The id comes last: a client that takes an id before its event is whole would skip an event that was cut.
    events(epoch, entries) {
      let text = ''
      for (const entry of entries) text += `data: ${entry.text}\nid: ${epoch}-${entry.seq}\n\n`
      return Buffer.from(text)
    },
    hello: hello =>
      Buffer.from(
        `retry: ${drawRetryMs(policy)}\nid: ${hello.cursor}\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`,
      ),
    gap: (gap, cursor) =>
      Buffer.from(`event: gap\ndata: ${JSON.stringify(gap)}\nid: ${formatCursor(cursor)}\n\n`),
    heartbeat: top => Buffer.from(`event: heartbeat\ndata: ${JSON.stringify({ top })}\n\n`),
    bye: (bye: Bye) => Buffer.from(`retry: ${bye.retryMs}\nevent: bye\ndata: ${JSON.stringify(bye)}\n\n`),
  }
}
