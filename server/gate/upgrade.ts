import { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'
import { presentAnswer } from './present-answer.ts'

const REQUESTED = Symbol('requested')
const DECIDED = Symbol('decided')

/**
 * A request that Node hands over as an upgrade only if it opens a WebSocket; given to the HTTP server as its
 * `IncomingMessage`.
 *
 * Once there is an `upgrade` listener, Node treats every `Connection: upgrade` as an upgrade: it detaches its parser from
 * the socket and emits no `request`. RFC 9110 §7.8 lets a server ignore a protocol that it does not offer (`h2c`, which
 * Java's HttpClient requests by default) and answer the request. Node reads `upgrade` when the head is parsed, so this
 * property decides between the two events. Node 22 has `shouldUpgradeCallback` for this; Node 20 does not. CONNECT is not
 * an upgrade here either: it arrives as a request and is refused like any other.
 *
 * An upgrade behind a request that is not answered yet is ignored too. Its 101 would have to wait for that answer, but Node
 * detaches from the socket at once: the answer and the handshake would both write to it, and its close would go unnoticed.
 * As an ordinary request it waits in Node's queue and ends with the connection.
 */
export class UpgradableRequest extends IncomingMessage {
  // Declared only: the constructor of IncomingMessage assigns `upgrade` before a field could be initialised.
  declare private [REQUESTED]: boolean | null | undefined
  /** Decided once: later, the answer before it may have been sent. */
  declare private [DECIDED]: boolean | undefined

  get upgrade(): boolean {
    if (this[REQUESTED] !== true) return false
    this[DECIDED] ??= opensWebSocket(this) && presentAnswer(this.socket) === null
    return this[DECIDED]
  }

  /** Set by Node's parser: the head asks for an upgrade, or the method is CONNECT. */
  set upgrade(requested: boolean | null) {
    this[REQUESTED] = requested
  }

  /** Whether an upgrade was requested and is ignored. */
  get upgradeIgnored(): boolean {
    return this[REQUESTED] === true && !this.upgrade
  }
}

/** Whether Node emitted this request as an upgrade: its socket has no HTTP parser any more. */
export function asksForUpgrade({ raw }: FastifyRequest): boolean {
  return raw instanceof UpgradableRequest && raw.upgrade
}

/**
 * Whether this request asks for a protocol that is ignored, or is a CONNECT. Node drops what arrived in the same segment
 * behind such a request, so the connection must close with its answer: the client then knows which requests to repeat
 * (RFC 9112 §9.3.2).
 */
export function ignoresUpgrade(request: IncomingMessage): boolean {
  return request instanceof UpgradableRequest && request.upgradeIgnored
}

/** RFC 6455 §4.2.1: a GET of at least HTTP/1.1 that names the WebSocket protocol, in any case and perhaps among others. */
function opensWebSocket({ method, httpVersionMajor, httpVersionMinor, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor < 1))
    return false
  return (headers.upgrade ?? '').split(',').some(protocol => protocol.trim().toLowerCase() === UPGRADE_TOKEN)
}
