import { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'
import { presentAnswer } from './present-answer.ts'

const ASKED = Symbol('asked')
const DECIDED = Symbol('decided')

/**
 * A request that Node hands over as an upgrade only if it opens a WebSocket; given to the HTTP server as its
 * `IncomingMessage`.
 *
 * Node takes every `Connection: upgrade` for an upgrade as soon as anybody listens for one: it detaches its parser from
 * the socket, and no `request` event comes. RFC 9110 §7.8 lets a server ignore a protocol that it does not offer (`h2c`,
 * which Java's HttpClient asks for by default) and answer the request. Node reads `upgrade` once the head is parsed,
 * so what this property says decides between the two events. Node 22 and later have `shouldUpgradeCallback` for this;
 * Node 20 has not. CONNECT is not an upgrade here either: it arrives as a request, and is refused like any other.
 *
 * An upgrade that was sent behind a request that is not answered yet is ignored, too. Its 101 would have to wait for
 * that answer, but Node lets go of the socket at once: the answer and the handshake would both write to it, and nobody
 * would notice when it closes. As an ordinary request it waits in Node's own queue, and goes when the connection goes.
 */
export class UpgradableRequest extends IncomingMessage {
  // Declared only: the constructor of IncomingMessage assigns `upgrade` before a field could be initialised.
  declare private [ASKED]: boolean | null | undefined
  /** Once for all: the answer before it will be sent some time. */
  declare private [DECIDED]: boolean | undefined

  get upgrade(): boolean {
    if (this[ASKED] !== true) return false
    this[DECIDED] ??= opensWebSocket(this) && presentAnswer(this.socket) === null
    return this[DECIDED]
  }

  /** What the parser found: the head asks for an upgrade, or the method is CONNECT. */
  set upgrade(asked: boolean | null) {
    this[ASKED] = asked
  }

  /** Whether it was found, and is ignored. */
  get upgradeIgnored(): boolean {
    return this[ASKED] === true && !this.upgrade
  }
}

/** Whether Node handed this request over as the opening of a WebSocket: its socket has no HTTP parser any more. */
export function asksForUpgrade({ raw }: FastifyRequest): boolean {
  return raw instanceof UpgradableRequest && raw.upgrade
}

/**
 * Whether this request asks for a protocol that is ignored, or is a CONNECT. Node drops whatever came in the same
 * segment behind such a request, so the connection must end with its answer: the client then knows what it has to ask
 * again (RFC 9112 §9.3.2).
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
