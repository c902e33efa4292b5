import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { answerBatch, type PendingReply, pendingReplyOf } from '../delivery/answer-batch.ts'
import { createBatches } from '../delivery/batch.ts'
import { WAIT_DEFAULT_SECONDS, WAIT_MAX_SECONDS } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import { cursorTextOf, routeOf, type TechniqueContext, type TechniqueHandle } from './technique.ts'

/** Long polling: *since*, or else the first thing that *follows*. */
export function openLongPoll(app: FastifyInstance, { log, clock }: TechniqueContext): TechniqueHandle {
  const batches = createBatches(log, 'no-store')
  /** The held requests by connection: one `close` listener on each connection is enough, however many it holds. */
  const held = new Map<Socket, Set<HeldRequest>>()
  let readers = 0
  let timer: NodeJS.Timeout | null = null
  app.route({ ...routeOf('long-poll', { wait: Type.Optional(Type.String()) }), handler: answer })
  log.follow(() => release(all))
  app.addHook('onClose', async () => stopTimer())

  return {
    get readers() {
      return readers
    },
    drain,
  }

  // Returns nothing: if a handler returns its reply, Fastify makes a promise and listens to the answer for it.
  function answer(request: FastifyRequest, reply: FastifyReply): void {
    const cursorText = cursorTextOf(request)
    const batch = batches.of(cursorText)
    const { waitSeconds, headers } = waitOf(request)
    const pending = pendingReplyOf(request, reply, headers)
    const holds = batch.nothingNew && waitSeconds > 0 && request.method !== 'HEAD'
    if (holds) hold(cursorText, pending, request.raw.socket, waitSeconds)
    else answerBatch(pending, batch)
  }

  function hold(
    cursorText: string | undefined,
    pending: PendingReply,
    socket: Socket,
    waitSeconds: number,
  ): void {
    heldOn(socket).add({ cursorText, pending, untilMs: clock.monotonicMs() + waitSeconds * 1000 })
    readers += 1
    timer ??= setInterval(releaseExpired, CHECK_EVERY_MS)
  }

  function heldOn(socket: Socket): Set<HeldRequest> {
    const known = held.get(socket)
    if (known !== undefined) return known
    const requests = new Set<HeldRequest>()
    held.set(socket, requests)
    socket.once('close', () => {
      held.delete(socket)
      readers -= requests.size
      requests.clear()
    })
    return requests
  }

  function release(isDue: (request: HeldRequest) => boolean): void {
    for (const requests of held.values()) {
      for (const request of requests) {
        if (!isDue(request)) continue
        requests.delete(request)
        readers -= 1
        answerBatch(request.pending, batches.of(request.cursorText))
      }
    }
  }

  /** One timer for all: requests are held and released far more often than their wait runs out. */
  function releaseExpired(): void {
    const nowMs = clock.monotonicMs()
    release(({ untilMs }) => untilMs <= nowMs)
    if (readers === 0) stopTimer()
  }

  function stopTimer(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  async function drain(): Promise<void> {
    for (const requests of held.values()) {
      for (const { pending } of requests) pending.response.shouldKeepAlive = false
    }
    release(all)
  }
}

/** A request of a reader that has everything so far and waits for more. */
interface HeldRequest {
  readonly cursorText: string | undefined
  readonly pending: PendingReply
  /** On the monotonic clock. */
  readonly untilMs: number
}

const all = () => true

/** A wait may run over by so much. */
const CHECK_EVERY_MS = 100

/** `wait=N`, among other preferences. */
const PREFERRED = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i

const BAD_WAIT = new Refusal(
  400,
  'bad-query',
  `Send wait as whole seconds from 0 to ${WAIT_MAX_SECONDS}, without a leading zero.`,
  { params: { name: 'wait', keyword: 'maximum', limit: WAIT_MAX_SECONDS } },
)

/** How long to hold: the query's `wait`, else `Prefer: wait=N` (RFC 7240; capped, and confirmed), else the default. */
function waitOf(request: FastifyRequest): { waitSeconds: number; headers: readonly string[] } {
  const { wait } = request.query as { wait?: string }
  const { prefer } = request.headers
  if (wait !== undefined) return { waitSeconds: readWait(wait), headers: [] }
  const preferred = prefer === undefined ? null : PREFERRED.exec(String(prefer))
  if (preferred === null) return { waitSeconds: WAIT_DEFAULT_SECONDS, headers: [] }
  const waitSeconds = Math.min(Number(preferred[1]), WAIT_MAX_SECONDS)
  return { waitSeconds, headers: ['preference-applied', `wait=${waitSeconds}`] }
}

function readWait(text: string): number {
  const seconds = Number(text)
  if (String(seconds) !== text || !Number.isInteger(seconds) || seconds < 0 || seconds > WAIT_MAX_SECONDS) {
    throw BAD_WAIT
  }
  return seconds
}
