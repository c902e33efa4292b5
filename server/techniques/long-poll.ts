import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { answerBatch, type PendingReply, pendingReplyOf } from '../delivery/answer-batch.ts'
import { createBatches } from '../delivery/batch.ts'
import { TRAITS } from '../protocol/techniques.ts'
import { WAIT_DEFAULT_SECONDS, WAIT_MAX_SECONDS } from '../protocol/wire.ts'
import { askedOf, endpointQuery, type TechniqueServer } from './technique.ts'

/** Long polling: *since*, or else the first thing that *follows*. */
export const longPoll: TechniqueServer = {
  sentence: 'since, or else the first thing that follows',
  upgrades: false,

  open(app, context) {
    const batches = createBatches(context.log, 'no-store')
    /** Who is held, by connection: one listener for each of those is enough, whoever is held on it. */
    const held = new Map<Socket, Set<Waiter>>()
    let readers = 0
    let look: NodeJS.Timeout | null = null
    context.log.follow(() => release(everybody))
    app.addHook('onClose', async () => lookNoMore())

    app.route({
      method: ['GET', 'HEAD'],
      url: TRAITS['long-poll'].endpoint,
      config: { technique: 'long-poll', serves: 'readers', answersIn: 'application/json' },
      schema: {
        querystring: Type.Object(
          { ...endpointQuery, wait: Type.Optional(Type.String({ pattern: WAIT.source })) },
          { additionalProperties: false },
        ),
      },
      handler: answer,
    })

    return {
      get readers() {
        return readers
      },
      drain,
    }

    // Nothing is returned: from a reply that is, Fastify would make a promise, and listen to the answer for it.
    function answer(request: FastifyRequest, reply: FastifyReply): void {
      const asked = askedOf(request)
      const batch = batches()(asked)
      const { waitSeconds, further } = waitOf(request)
      const pending = pendingReplyOf(request, reply, further)
      const waits = batch.nothingNew && waitSeconds > 0 && request.method !== 'HEAD'
      if (waits) hold(asked, pending, request.raw.socket, waitSeconds)
      else answerBatch(pending, batch)
    }

    function hold(
      asked: string | undefined,
      pending: PendingReply,
      socket: Socket,
      waitSeconds: number,
    ): void {
      waitersOn(socket).add({ asked, pending, untilMs: context.clock.monotonicMs() + waitSeconds * 1000 })
      readers += 1
      look ??= setInterval(answerWhoWaitedEnough, LOOK_MS)
    }

    function waitersOn(socket: Socket): Set<Waiter> {
      const known = held.get(socket)
      if (known !== undefined) return known
      const waiters = new Set<Waiter>()
      held.set(socket, waiters)
      socket.once('close', () => {
        held.delete(socket)
        readers -= waiters.size
        waiters.clear()
      })
      return waiters
    }

    /** Answers those who wait and are due, with one look at the log for all of them. */
    function release(due: (waiter: Waiter) => boolean): void {
      const batchOf = batches()
      for (const waiters of held.values()) {
        for (const waiter of waiters) {
          if (!due(waiter)) continue
          waiters.delete(waiter)
          readers -= 1
          answerBatch(waiter.pending, batchOf(waiter.asked))
        }
      }
    }

    /** One timer for all: a hold is started and ended far more often than it runs out. */
    function answerWhoWaitedEnough(): void {
      const nowMs = context.clock.monotonicMs()
      release(({ untilMs }) => untilMs <= nowMs)
      if (readers === 0) lookNoMore()
    }

    function lookNoMore(): void {
      if (look !== null) clearInterval(look)
      look = null
    }

    async function drain(): Promise<void> {
      for (const waiters of held.values()) {
        for (const { pending } of waiters) pending.response.shouldKeepAlive = false
      }
      release(everybody)
    }
  },
}

/** A reader who has everything so far and waits for more. */
interface Waiter {
  /** The cursor, as it was written. */
  readonly asked: string | undefined
  readonly pending: PendingReply
  /** On the monotonic clock. */
  readonly untilMs: number
}

const everybody = () => true

/** So late may a hold run out, beyond the time that was asked for. */
const LOOK_MS = 100

/** 0 to 55, written without a leading zero. */
const WAIT = /^(\d|[1-4]\d|5[0-5])$/

/** `wait=N`, among other preferences. */
const PREFERRED = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i

/** How long to hold, in seconds: the query, else `Prefer: wait=N` (RFC 7240; clamped and answered), else 25. */
function waitOf(request: FastifyRequest): { waitSeconds: number; further: readonly string[] } {
  const { wait } = request.query as { wait?: string }
  const { prefer } = request.headers
  if (wait !== undefined) return { waitSeconds: Number(wait), further: [] }
  const preferred = prefer === undefined ? null : PREFERRED.exec(String(prefer))
  if (preferred === null) return { waitSeconds: WAIT_DEFAULT_SECONDS, further: [] }
  const waitSeconds = Math.min(Number(preferred[1]), WAIT_MAX_SECONDS)
  return { waitSeconds, further: ['preference-applied', `wait=${waitSeconds}`] }
}
