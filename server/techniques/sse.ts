import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { createFanout, type Envelope } from '../delivery/fanout.ts'
import { TcpSink } from '../delivery/sink.ts'
import { drawRetryMs, type Policy } from '../policy.ts'
import { TRAITS } from '../protocol/techniques.ts'
import { type Bye, formatCursor } from '../protocol/wire.ts'
import { endpointQuery, type Place, resumePlaceOf, type TechniqueServer } from './technique.ts'

/** Server-Sent Events: *since*, then *follow*, as lines of text in one answer that does not end. */
export const sse: TechniqueServer = {
  sentence: 'since, then follow',
  upgrades: false,

  open(app, context) {
    const fanout = createFanout(
      context.log,
      sseEnvelope(context.policy),
      context.policy,
      context.clock.monotonicMs,
    )
    const responses = new Set<FastifyReply['raw']>()

    app.route({
      method: ['GET', 'HEAD'],
      url: TRAITS.sse.endpoint,
      config: { technique: 'sse', serves: 'readers', answersIn: 'text/event-stream', refusesSoftly: true },
      schema: { querystring: Type.Object(endpointQuery, { additionalProperties: false }) },
      handler: answer,
    })
    app.addHook('onClose', async () => fanout.close())

    return {
      get readers() {
        return fanout.size
      },
      drain,
    }

    function answer(request: FastifyRequest, reply: FastifyReply) {
      const place = resumePlaceOf(request)
      reply.headers(STREAM_HEAD)
      if (request.method === 'HEAD') return reply.send()
      // A refusal that will pass must not look like one: any status but 200 is final for a browser's EventSource.
      const { refusal } = request
      if (refusal !== null)
        return reply.send(bye({ reason: refusal.message, retryMs: drawRetryMs(context.policy) }))
      const response = openStream(reply)
      // A pipelined request has no socket of its own until the answers before it are out.
      if (response.socket === null)
        response.once('socket', () => setImmediate(begin, response, request, place))
      else begin(response, request, place)
      return reply
    }

    function begin(response: FastifyReply['raw'], { raw, account }: FastifyRequest, place: Place): void {
      // Its `close` has been: who follows from now on would never be told.
      if (response.destroyed || raw.socket.destroyed) return
      const sink = new TcpSink(raw.socket)
      // The head and the hello in one segment.
      raw.socket.cork()
      response.flushHeaders()
      account.head(0)
      const unfollow = fanout.follow(
        { sink, account, cut: () => sink.destroy(), end: () => response.end() },
        place,
      )
      raw.socket.uncork()
      responses.add(response)
      response.once('close', () => {
        unfollow()
        responses.delete(response)
      })
    }

    async function drain(): Promise<void> {
      fanout.drain(closing)
      await new Promise(resolve => setTimeout(resolve, responses.size > 0 ? context.policy.graceMs : 0))
      for (const response of responses) response.destroy()
    }

    function closing(): Bye {
      return { reason: 'The server is closing.', retryMs: drawRetryMs(context.policy) }
    }
  },
}

/** The body is delimited by the close: a proxy must not buffer it, and chunks would only add to it. */
const STREAM_HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** Takes the answer out of Fastify's hands, with the headers set so far, unchunked. */
function openStream(reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value)
  }
  response.useChunkedEncodingByDefault = false
  return response
}

/**
 * The event stream format (WHATWG HTML §9.2.5). The JSON in `data` never needs splitting into lines: JSON.stringify
 * escapes every CR and LF, and no other character ends a line there.
 */
export function sseEnvelope(policy: Policy): Envelope {
  return {
    overheadBytes: 'data: \nid: k3f9x2ab7q-9007199254740991\n\n'.length,
    // The id last: a client that believes it before its event is whole would skip what is cut.
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
    bye,
  }
}

function bye(bye: Bye): Buffer {
  return Buffer.from(`retry: ${bye.retryMs}\nevent: bye\ndata: ${JSON.stringify(bye)}\n\n`)
}
