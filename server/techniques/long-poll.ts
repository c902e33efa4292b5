import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { type Cursor, DOORS, WAIT_DEFAULT_SECONDS, WAIT_MAX_SECONDS } from '../protocol.ts'
import { cursorOf, doorQuery, placeOf, type Room } from '../technique.ts'
import { answerBatch } from './answer-batch.ts'
import { createBatches } from './batch.ts'

/** Long polling: *since*, or else the first thing that *follows*. */
export const longPoll: Room = {
  sentence: 'since, or else the first thing that follows',
  upgrades: false,

  open(app, house) {
    const batches = createBatches(house.log, 'no-store')
    const waiters = new Set<Waiter>()
    house.log.follow(() => {
      for (const waiter of waiters) release(waiter)
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: DOORS['long-poll'],
      config: { technique: 'long-poll', answersIn: 'application/json' },
      schema: {
        querystring: Type.Object(
          { ...doorQuery, wait: Type.Optional(Type.String({ pattern: WAIT.source })) },
          { additionalProperties: false },
        ),
      },
      handler: answer,
    })

    return {
      get readers() {
        return waiters.size
      },
      drain,
    }

    // Nothing is returned: from a reply that is, Fastify would make a promise, and listen to the answer for it.
    function answer(request: FastifyRequest, reply: FastifyReply): void {
      const place = placeOf(request)
      const asked = cursorOf(place, house.log)
      const { waitSeconds, further } = waitOf(request)
      const waiter: Waiter = { asked, request, reply, further, timer: null }
      const held = place === asked && batches(asked).empty && waitSeconds > 0 && request.method !== 'HEAD'
      if (!held) return send(waiter)
      waiters.add(waiter)
      waiter.timer = setTimeout(release, waitSeconds * 1000, waiter)
      // Not the reply's: one that waits for the answers before it has no socket whose end it could be told of.
      request.raw.once('close', () => forget(waiter))
    }

    function release(waiter: Waiter): void {
      forget(waiter)
      send(waiter)
    }

    function forget(waiter: Waiter): void {
      if (waiter.timer !== null) clearTimeout(waiter.timer)
      waiters.delete(waiter)
    }

    function send({ asked, request, reply, further }: Waiter, last: readonly string[] = []): void {
      answerBatch(request, reply, batches(asked), [...further, ...last])
    }

    async function drain(): Promise<void> {
      for (const waiter of waiters) {
        forget(waiter)
        send(waiter, ['connection', 'close'])
      }
    }
  },
}

/** A reader who has everything so far and waits for more. */
interface Waiter {
  readonly asked: Cursor
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Headers of its own answer. */
  readonly further: readonly string[]
  timer: NodeJS.Timeout | null
}

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
