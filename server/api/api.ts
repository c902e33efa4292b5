import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Clock } from '../clock.ts'
import { resetSocket } from '../delivery/reset-socket.ts'
import type { Meter } from '../gate/meter.ts'
import { noQuery, READ } from '../gate/query.ts'
import { LinkBody } from '../link/conditions.ts'
import type { Link } from '../link/link.ts'
import { dataText, type EventLog } from '../log/event-log.ts'
import { BURST_MAX, type Health, RATE_MAX, SOURCE_KINDS, type Stats, TIMINGS } from '../protocol/api.ts'
import { TECHNIQUES, type Technique } from '../protocol/techniques.ts'
import { DATA_MAX_BYTES, formatCursor } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { Source } from '../sources/index.ts'
import { createOnce } from './idempotency.ts'
import { openResults } from './results.ts'

export interface ApiOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly source: Source
  readonly meter: Meter
  readonly stats: { read(): Stats; reset(): void }
  readonly health: (request: IncomingMessage) => Health
  /** Returns null while there is no link. */
  readonly link: () => Link | null
  readonly resultsFolder: string
}

const exact = { additionalProperties: false } as const
const oneOf = <const T extends string>(names: readonly T[]) =>
  Type.Union(names.map(name => Type.Literal(name)))

const PublishBody = Type.Object({ type: Type.String(), data: Type.Unknown() }, exact)
const SourceBody = Type.Object(
  {
    kind: Type.Optional(oneOf(SOURCE_KINDS)),
    rate: Type.Optional(Type.Number({ minimum: 0, maximum: RATE_MAX })),
    timing: Type.Optional(oneOf(TIMINGS)),
    payloadBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: DATA_MAX_BYTES })),
  },
  exact,
)
const BurstBody = Type.Object({ count: Type.Integer({ minimum: 1, maximum: BURST_MAX }) }, exact)
const KillBody = Type.Object({ technique: Type.Optional(oneOf(TECHNIQUES)) }, exact)
const ResetBody = Type.Object({}, exact)
const PublishHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ pattern: '^[!-~]{1,64}$' })),
})
/** The largest data, and the keys around it. */
const PUBLISH_BODY_BYTES = DATA_MAX_BYTES + 1024

/** What every client that may load the page may read. */
export function openReadings(fastify: FastifyInstance, options: ApiOptions): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const read = (url: string, handler: (request: FastifyRequest) => unknown) =>
    app.route({ method: [...READ], url, schema: noQuery, handler })
  read('/api/health', request => options.health(request.raw))
  read('/api/stats', () => options.stats.read())
  read('/api/clock', () => options.clock.reading())
  read('/api/source', () => options.source.settings)
  read('/api/link', () => requireLink(options.link()).conditions)
  openResults(app, options.resultsFolder)
}

/** What changes something. Of a key that a body repeats the last one counts, as in `JSON.parse`. */
export function openCommands(fastify: FastifyInstance, options: ApiOptions): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const { log, source, meter, stats } = options
  const once = createOnce(options.clock.monotonicMs)

  app.post(
    '/api/events',
    {
      bodyLimit: PUBLISH_BODY_BYTES,
      config: { publishes: true },
      schema: { ...noQuery, body: PublishBody, headers: PublishHeaders },
    },
    async (request, reply) => {
      const { type, data } = request.body
      const key = request.headers['idempotency-key']
      const publish = async () => formatCursor(await log.append(type, data))
      const cursor = key === undefined ? await publish() : await once(key, fingerprint(request.body), publish)
      return reply.code(201).send({ cursor })
    },
  )

  app.put('/api/source', { schema: { ...noQuery, body: SourceBody } }, request => {
    source.change(request.body)
    return source.settings
  })

  app.put('/api/link', { schema: { ...noQuery, body: LinkBody } }, request => {
    const link = requireLink(options.link())
    link.change(request.body)
    return link.conditions
  })

  app.post('/api/burst', { schema: { ...noQuery, body: BurstBody } }, async request => {
    await source.burst(request.body.count)
    return { cursor: formatCursor({ epoch: log.epoch, seq: log.top }) }
  })

  app.post('/api/kill', { schema: { ...noQuery, body: KillBody } }, request => {
    const { technique } = request.body
    return { cut: cut(technique === undefined ? TECHNIQUES : [technique]) }
  })

  app.post('/api/reset', { preValidation: allowNoBody, schema: { ...noQuery, body: ResetBody } }, () => {
    source.reset()
    options.link()?.change({})
    stats.reset()
    return source.settings
  })

  function cut(techniques: readonly Technique[]): number {
    const sockets = techniques.flatMap(technique => meter.sockets(technique))
    for (const socket of sockets) resetSocket(socket)
    return sockets.length
  }
}

/** Treats a request without a body as one with an empty object. */
async function allowNoBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {}
}

function requireLink(link: Link | null): Link {
  if (link !== null) return link
  throw new Refusal(409, 'no-link', 'Start the server without --link-port off: it has no link.')
}

/** Refuses a command with 401 unless it carries the token of this start (RFC 6750 §2.1; the scheme in any case). */
export function demandToken(app: FastifyInstance, token: string): void {
  const wanted = digest(token)
  app.addHook('onRequest', async (request, reply) => {
    const given = /^bearer +(.*\S) *$/i.exec(request.headers.authorization ?? '')?.[1]
    // Digests, because only buffers of equal length can be compared in constant time.
    if (timingSafeEqual(digest(given ?? ''), wanted)) return
    const fault = given === undefined ? '' : ', error="invalid_token"'
    reply.header('www-authenticate', `Bearer realm="push-lab"${fault}`)
    throw NO_TOKEN
  })
}

const NO_TOKEN = new Refusal(
  401,
  'no-token',
  'Send Authorization: Bearer with the control token that the server printed.',
)

/** Refuses every command with 403: the server can be reached from outside and was started without a token. */
export function refuseCommands(app: FastifyInstance): void {
  app.addHook('onRequest', async () => {
    throw new Refusal(403, 'commands-off', 'Start the server with --token to allow commands from here.')
  })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The same for the same JSON value, whatever the order of its members. */
function fingerprint({ type, data }: { type: string; data: unknown }): string {
  return digest(`${type} ${dataText(withSortedMembers(data))}`).toString('hex')
}

/** A copy with the members of all objects sorted by name. Not recursive: `data` may be nested deeper than the stack. */
function withSortedMembers(data: unknown): unknown {
  const root: Record<string, unknown> = { data }
  const open: Record<string, unknown>[] = [root]
  for (const node of open) {
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== 'object' || value === null) continue
      const copy = Array.isArray(value) ? [...value] : Object.fromEntries(Object.entries(value).sort(byName))
      node[key] = copy
      open.push(copy as Record<string, unknown>)
    }
  }
  return root['data']
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
