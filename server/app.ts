import type { IncomingMessage } from 'node:http'
import { Server } from 'node:net'
import { join } from 'node:path'
import fastify from 'fastify'
import { demandToken, openCommands, openReadings, refuseCommands } from './api/api.ts'
import { type Control, openControl } from './api/control.ts'
import { openPage } from './api/page.ts'
import { createStats } from './api/stats.ts'
import { openTalkBack } from './api/talk-back.ts'
import { type Clock, keepTime, systemClock } from './clock.ts'
import { resetSocket } from './delivery/reset-socket.ts'
import { disconnectUnreachable } from './delivery/unreachable.ts'
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
import {
  HEAD_MAX_BYTES,
  type Limits,
  LOOPBACK_LIMITS,
  NETWORK_LIMITS,
  POLICY,
  type Policy,
} from './policy.ts'
import { projectRoot } from './project-root.ts'
import { createSource, type SourceOptions } from './sources/index.ts'
import { createSay } from './sources/say.ts'
import { openTechniques, type TechniqueHandles } from './techniques/open-techniques.ts'

export interface LabOptions {
  readonly window: Window
  readonly source: SourceOptions
  readonly policy?: Policy
  readonly clock?: Clock
  readonly deployment: Deployment
  /** What commands must carry. With null, commands need no token on loopback and are refused anywhere else. */
  readonly token: string | null
  readonly allowHosts: readonly string[]
  /** Those of the deployment if not given. */
  readonly limits?: Limits
  readonly resultsFolder?: string
  readonly complain: (error: Error) => void
  /** Called with a sentence for the person who runs the server. */
  readonly tell?: (sentence: string) => void
}

/** Who can reach the server: this machine, a network, or anyone through the reverse proxies at these addresses. */
export type Deployment = 'loopback' | 'lan' | { readonly proxies: readonly string[] }

/** Where the lab listens; `linkPort` is null without a link. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly linkPort: number | null
}

/** Where to listen. Port 0 is any free one; a link on the `next` port takes any free one if that is taken. */
export interface Wanted {
  readonly host: string
  readonly port: number
  readonly linkPort: number | 'next' | null
}

/** The lab, built but not listening. */
export interface Lab {
  readonly log: EventLog
  readonly meter: Meter
  readonly techniques: TechniqueHandles
  /** Listens on both ports; resolves to where. Rejects with the listen error. */
  listen(wanted: Wanted): Promise<Address>
  /** Ends every reader's connection as the protocol prescribes, then closes. */
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
    // Nothing is logged, so no request needs an id.
    genReqId: () => '',
    // The admission refuses instead, because a 503 would be final for an EventSource.
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
      // How often Node looks for late requests; its default is 30 s.
      connectionsCheckingInterval: policy.checkEveryMs,
      // The guard refuses a request without one, in the form of all refusals.
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
  const reachability = disconnectUnreachable({
    disconnect: socket => {
      resetSocket(socket)
      link?.disconnect(socket)
    },
    unackedMs: policy.unackedMs,
    monotonicMs: clock.monotonicMs,
  })
  app.server.on('connection', reachability.watch)
  answerErrors(app, options.complain)
  const refuseTheRest = refuseOtherMethods(app)

  let control: Control | null = null
  const techniques = await openTechniques(app, { log, clock, policy, say }, sockets => {
    control = openControl(sockets, { meter, clock, policy, read: stats.read })
  })
  const stopKeepingTime = keepTime(clock, byMs => {
    options.tell?.(clockWasSet(byMs))
    control?.reconnectAll()
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

  return { log, meter, techniques, listen, close }

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
    stopKeepingTime()
    // Not `app.server.close()`, which also ends the connections that Node takes to be idle: whether one with half a request
    // on it is idle depends on Node's version, and every request that has begun shall get its answer.
    Server.prototype.close.call(app.server)
    listening?.close()
    await Promise.all(Object.values(techniques).map(technique => technique.drain()))
    await link?.close()
    // Fastify would wait for every socket that is still open, upgraded ones above all.
    for (const socket of meter.allSockets()) socket.destroy()
    await app.close()
  }
}

function clockWasSet(byMs: number): string {
  const seconds = Math.abs(byMs / 1000).toFixed(1)
  return `The clock was ${seconds} s ${byMs > 0 ? 'behind' : 'ahead of'} the wall clock and was set to it (the machine slept, or its time was changed).`
}

const BODY_MAX_BYTES = 16 * 1024
