import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Place } from '../log/place.ts'
import { drawRetryMs, type Policy } from '../policy.ts'
import { createFanout, type Envelope } from './fanout.ts'
import { TcpSink } from './sink.ts'

/** Streams that are each one HTTP answer without an end: *since*, then *follow*, in the technique's own envelope. */
export interface HttpStreams {
  /** Streams that are open now. */
  readonly readers: number
  /** Answers a request with a stream that starts at `place`, or with a bye alone where the request was refused. */
  answer(request: FastifyRequest, reply: FastifyReply, place: Place): FastifyReply
  /** Sends every stream its bye and ends it. Resolves once all are closed, or their grace is over. */
  drain(): Promise<void>
  /** Lets go of the log and the timer. */
  close(): void
}

export interface HttpStreamsOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly policy: Policy
  readonly envelope: Envelope
  /** With its charset. */
  readonly contentType: string
}

export function createHttpStreams(options: HttpStreamsOptions): HttpStreams {
  const { log, clock, policy, envelope, contentType } = options
  const fanout = createFanout(log, envelope, policy, clock.monotonicMs)
  const responses = new Set<FastifyReply['raw']>()

  return {
    get readers() {
      return fanout.size
    },
    answer,
    drain,
    close: fanout.close,
  }

  function answer(request: FastifyRequest, reply: FastifyReply, place: Place): FastifyReply {
    reply.headers({ 'content-type': contentType, ...STREAM_HEADERS })
    if (request.method === 'HEAD') return reply.send()
    const { refusal } = request
    if (refusal !== null) {
      return reply.send(envelope.bye({ reason: refusal.message, retryMs: drawRetryMs(policy) }))
    }
    const response = takeResponse(reply)
    // A pipelined request has no socket of its own until the answers before it have been sent.
    if (response.socket === null) {
      response.once('socket', () => setImmediate(begin, response, request, place))
    } else begin(response, request, place)
    return reply
  }

  function begin(response: FastifyReply['raw'], { raw, account }: FastifyRequest, place: Place): void {
    // `close` has been emitted already, so a follower that is added now would never be removed.
    if (response.destroyed || raw.socket.destroyed) return
    const sink = new TcpSink(raw.socket)
    // Head and hello leave in one segment.
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
    fanout.drain()
    await new Promise(resolve => setTimeout(resolve, responses.size > 0 ? policy.graceMs : 0))
    for (const response of responses) response.destroy()
  }
}

/** The close ends the body: chunks would only add bytes. The last but one keeps nginx from buffering it. */
const STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** Takes the response from Fastify, with the headers set so far, and without chunks. */
function takeResponse(reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value)
  }
  response.useChunkedEncodingByDefault = false
  return response
}
