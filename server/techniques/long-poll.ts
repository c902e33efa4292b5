import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { type Cursor, DOORS, WAIT_DEFAULT_SECONDS, WAIT_MAX_SECONDS } from '../protocol.ts'
import { cursorOf, doorQuery, placeOf, type Room } from '../technique.ts'
import { answerBatch, type Desk, deskOf } from './answer-batch.ts'
import { createBatches } from './batch.ts'

/** Long polling: *since*, or else the first thing that *follows*. */
export const longPoll: Room = {
  sentence: 'since, or else the first thing that follows',
  upgrades: false,

  open(app, house) {
    const batches = createBatches(house.log, 'no-store')
    /** Who is held, by connection: one listener for each of those is enough, whoever is held on it. */
    const held = new Map<Socket, Set<Waiter>>()
    let readers = 0
    house.log.follow(() => {
      for (const waiters of held.values()) for (const waiter of waiters) release(waiter)
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
        return readers
      },
      drain,
    }

    // Nothing is returned: from a reply that is, Fastify would make a promise, and listen to the answer for it.
    function answer(request: FastifyRequest, reply: FastifyReply): void {
      const place = placeOf(request)
      const asked = cursorOf(place, house.log)
      const { waitSeconds, further } = waitOf(request)
      const desk = deskOf(request, reply, further)
      const batch = batches(asked)
      const waits = place === asked && batch.empty && waitSeconds > 0 && request.method !== 'HEAD'
      if (waits) hold(asked, desk, request.raw.socket, waitSeconds)
      else answerBatch(desk, batch)
    }

    function hold(asked: Cursor, desk: Desk, socket: Socket, waitSeconds: number): void {
      const waiter: Waiter = { asked, desk, among: waitersOn(socket), timer: null }
      waiter.timer = setTimeout(release, waitSeconds * 1000, waiter)
      waiter.among.add(waiter)
      readers += 1
    }

    function waitersOn(socket: Socket): Set<Waiter> {
      const known = held.get(socket)
      if (known !== undefined) return known
      const waiters = new Set<Waiter>()
      held.set(socket, waiters)
      socket.once('close', () => {
        held.delete(socket)
        for (const waiter of waiters) forget(waiter)
      })
      return waiters
    }

    function release(waiter: Waiter): void {
      forget(waiter)
      answerBatch(waiter.desk, batches(waiter.asked))
    }

    function forget(waiter: Waiter): void {
      if (waiter.timer !== null) clearTimeout(waiter.timer)
      if (waiter.among.delete(waiter)) readers -= 1
    }

    async function drain(): Promise<void> {
      for (const waiters of held.values()) {
        for (const waiter of waiters) {
          waiter.desk.response.shouldKeepAlive = false
          release(waiter)
        }
      }
    }
  },
}

/** A reader who has everything so far and waits for more. */
interface Waiter {
  readonly asked: Cursor
  readonly desk: Desk
  /** All who wait on the same connection. */
  readonly among: Set<Waiter>
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
