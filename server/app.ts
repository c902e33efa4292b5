import type { IncomingMessage } from 'node:http'
import { Server } from 'node:net'
import { join } from 'node:path'
import { fastifyWebsocket, type WebsocketPluginOptions } from '@fastify/websocket'
import fastify, { type FastifyInstance } from 'fastify'
import { demandToken, openCommands, openReadings, refuseCommands } from './api/api.ts'
import { type Control, openControl } from './api/control.ts'
import { openPage } from './api/page.ts'
import { createStats } from './api/stats.ts'
import { openTalkBack } from './api/talk-back.ts'
import { type Clock, keepTime, systemClock } from './clock.ts'
import { resetSocket } from './delivery/reset-socket.ts'
import { hangUpOnUnreachable } from './delivery/unreachable.ts'
import { PeerSocket } from './delivery/websocket-peers.ts'
import { createAdmission } from './gate/admission.ts'
import { refuseAddress, refuseBrokenRequest, refuseExpectation } from './gate/broken-request.ts'
import { trustOf } from './gate/client-address.ts'
import { openEntrance } from './gate/entrance.ts'
import { answerErrors } from './gate/errors.ts'
import { continueLate } from './gate/expectation.ts'
import { createGuard, grantsOf } from './gate/guard.ts'
import { readJsonBodies } from './gate/json-body.ts'
import { createMeter, type Meter } from './gate/meter.ts'
import { refuseOtherMethods } from './gate/methods.ts'
import { createNames, urlHost } from './gate/names.ts'
import { createQueryParser } from './gate/query.ts'
import { pathOfTarget } from './gate/request-target.ts'
import { UpgradableRequest } from './gate/upgrade.ts'
import { reachableAt } from './lan.ts'
import { type Link, openLink } from './link/link.ts'
import { type Listening, listenAt } from './listen.ts'
import { createEventLog, type EventLog, type Window } from './log/event-log.ts'
import { type Limits, LOOPBACK_LIMITS, NETWORK_LIMITS, POLICY, type Policy } from './policy.ts'
import { projectRoot } from './project-root.ts'
import { TECHNIQUES, type Technique } from './protocol/techniques.ts'
import { createSource, type SourceOptions } from './sources/index.ts'
import { createSay } from './sources/say.ts'
import { techniqueServers } from './techniques/index.ts'
import type { TechniqueContext, TechniqueHandle } from './techniques/technique.ts'

export interface LabOptions {
  readonly window: Window
  readonly source: SourceOptions
  readonly policy?: Policy
  readonly clock?: Clock
  readonly deployment: Deployment
  /** What commands must carry; null: nothing on loopback, and behind a proxy there are no commands then. */
  readonly token: string | null
  readonly allowHosts: readonly string[]
  /** By default those of the deployment. */
  readonly limits?: Limits
  readonly resultsFolder?: string
  readonly complain: (error: Error) => void
  /** Hears, in a sentence, what whoever runs the server should know. */
  readonly tell?: (sentence: string) => void
}

/** Who can reach the server: this machine, a network, or everybody through the reverse proxies of these addresses. */
export type Deployment = 'loopback' | 'lan' | { readonly proxies: readonly string[] }

/** Where the lab listens; `linkPort` is null without a link. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly linkPort: number | null
}

/** Where to listen. Port 0 is any free one, and a link on the `next` port settles for any free one as well. */
export interface Wanted {
  readonly host: string
  readonly port: number
  readonly linkPort: number | 'next' | null
}

/** The lab, built but not listening. */
export interface Lab {
  readonly log: EventLog
  readonly meter: Meter
  readonly techniques: Readonly<Record<Technique, TechniqueHandle>>
  /** Listens at both endpoints; resolves to where. Rejects with the listen error. */
  listen(wanted: Wanted): Promise<Address>
  /** Sends every reader home, then closes. */
  close(): Promise<void>
}

/** Builds the lab. Throws `SourceError` where its source cannot start. */
export async function buildLab(options: LabOptions): Promise<Lab> {
  const clock = options.clock ?? systemClock()
  const policy = options.policy ?? POLICY
  const log = createEventLog(options.window, clock)
  const source = createSource(log, clock, options.source)
  const meter = createMeter(clock)
  const stats = createStats(meter, log)
  const say = createSay(log, policy, clock.monotonicMs)
  const { deployment } = options
  const limits = options.limits ?? (deployment === 'loopback' ? LOOPBACK_LIMITS : NETWORK_LIMITS)
  const isProxy = trustOf(typeof deployment === 'object' ? deployment.proxies : [])
  const app = fastify({
    exposeHeadRoutes: false,
    // Nothing is logged, so nobody needs a name for each request.
    genReqId: () => '',
    // Refused by the technique servers themselves, since a 503 would be final for an EventSource.
    return503OnClosing: false,
    forceCloseConnections: true,
    bodyLimit: BODY_MAX_BYTES,
    routerOptions: { querystringParser: createQueryParser() },
    rewriteUrl: pathOfTarget,
    requestTimeout: policy.requestMs,
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: refuseAddress,
    http: {
      maxHeaderSize: HEAD_MAX_BYTES,
      IncomingMessage: UpgradableRequest,
      headersTimeout: policy.headersMs,
      // Node looks for late requests only so often: every 30 s if it is not told otherwise.
      connectionsCheckingInterval: policy.checkEveryMs,
      // Without one the guard refuses, in the form of all refusals.
      requireHostHeader: false,
    },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    trustProxy: isProxy,
  })
  let names = createNames({ hosts: [], port: 0, linkPort: null, allowHosts: [] })
  let link: Link | null = null
  let listening: Listening | null = null
  let draining = false

  readJsonBodies(app)
  app.server.on('checkExpectation', refuseExpectation)
  continueLate(app.server)
  const guard = createGuard(
    () => names,
    () => link,
  )
  const admission = createAdmission({
    limits,
    draining: () => draining,
    monotonicMs: clock.monotonicMs,
    linkClientOf: socket => link?.linkClientOf(socket) ?? null,
    isProxy,
  })
  openEntrance(app, meter, guard, admission)
  const reachability = hangUpOnUnreachable({
    hangUp: socket => {
      resetSocket(socket)
      link?.hangUp(socket)
    },
    unackedMs: policy.unackedMs,
    monotonicMs: clock.monotonicMs,
  })
  app.server.on('connection', reachability.watch)
  answerErrors(app, options.complain)
  const refuseTheRest = refuseOtherMethods(app)

  const context: TechniqueContext = { log, clock, policy, say }
  let control: Control | null = null
  const open = await openTechniques(app, context, sockets => {
    control = openControl(sockets, { meter, clock, policy, read: stats.read })
  })
  const letTimeGo = keepTime(clock, byMs => {
    options.tell?.(wasSetAnew(byMs))
    control?.sendBack()
  })
  const linkPortFor = ({ headers, socket }: IncomingMessage) =>
    names.linkPortFor(headers.host, { socket, byLink: false })
  const health = (request: IncomingMessage) => {
    const port = linkPortFor(request)
    return { ready: !draining, epoch: log.epoch, top: log.top, link: port === null ? null : { port } }
  }
  const resultsFolder = options.resultsFolder ?? join(projectRoot(), 'results')
  const api = { log, clock, source, meter, stats, health, link: () => link, resultsFolder }
  openTalkBack(app, say)
  openReadings(app, api)
  await app.register(async commands => {
    if (options.token !== null) demandToken(commands, options.token)
    else if (deployment !== 'loopback') refuseCommands(commands)
    openCommands(commands, api)
  })
  await app.register(async page => openPage(page, linkPortFor))
  refuseTheRest()
  await app.ready()

  return { log, meter, techniques: open, listen, close }

  async function listen({ host, port, linkPort }: Wanted): Promise<Address> {
    listening = await listenAt(app.server, { host, port }, wanted => app.listen(wanted))
    if (linkPort !== null) {
      link = await openLink(app.server, {
        host,
        port: linkPort,
        connected: reachability.watch,
        grants: (origin, socket) => grantsOf(origin, names, { socket, byLink: true }),
      })
    }
    const address = { host, port: listening.port, linkPort: link?.port ?? null }
    const hosts = reachableAt(host).map(urlHost)
    names = createNames({ ...address, hosts, allowHosts: options.allowHosts })
    return address
  }

  async function close(): Promise<void> {
    draining = true
    reachability.close()
    source.close()
    letTimeGo()
    // No more than that: `app.server.close()` would also end the connections that Node holds to be idle, and whether one
    // with half a request on it is idle depends on the version. Whoever is asking still gets an answer.
    Server.prototype.close.call(app.server)
    listening?.close()
    await Promise.all(Object.values(open).map(room => room.drain()))
    await link?.close()
    // Whoever has not left by now: Fastify would wait for them, upgraded sockets above all.
    for (const socket of meter.allSockets()) socket.destroy()
    await app.close()
  }
}

function wasSetAnew(byMs: number): string {
  const seconds = Math.abs(byMs / 1000).toFixed(1)
  return `The clock was ${seconds} s ${byMs > 0 ? 'behind' : 'ahead of'} the wall clock (the machine slept, or its time was set): new events have the time of the wall clock.`
}

const BODY_MAX_BYTES = 16 * 1024
/** Cookies belong to a name and not to a port: whoever works on other projects sends those of all of them. */
const HEAD_MAX_BYTES = 20_000
/** The types want a class with all of `ws` on it, its servers included. */
type WebSocketClass = NonNullable<NonNullable<WebsocketPluginOptions['options']>['WebSocket']>
/** No compression: it would cost more than it saves on events of this size, and 225 KB of memory each. */
const WEBSOCKET = {
  maxPayload: 4096,
  maxFragments: 64,
  perMessageDeflate: false,
  clientTracking: false,
  closeTimeout: 1000,
  WebSocket: PeerSocket as unknown as WebSocketClass,
}

/**
 * Opens the technique servers. Those that upgrade, the page's control among them, have a scope of their own: the plugin's hooks
 * would cost every poll as well.
 */
async function openTechniques(
  app: FastifyInstance,
  context: TechniqueContext,
  control: (sockets: FastifyInstance) => void,
): Promise<Record<Technique, TechniqueHandle>> {
  const opened = new Map<Technique, TechniqueHandle>()
  const open = (scope: FastifyInstance, upgrades: boolean) => {
    for (const name of TECHNIQUES) {
      if (techniqueServers[name].upgrades === upgrades)
        opened.set(name, techniqueServers[name].open(scope, context))
    }
  }
  open(app, false)
  await app.register(async sockets => {
    await sockets.register(fastifyWebsocket, { options: WEBSOCKET, errorHandler: () => {} })
    open(sockets, true)
    control(sockets)
  })
  return Object.fromEntries(opened) as Record<Technique, TechniqueHandle>
}
