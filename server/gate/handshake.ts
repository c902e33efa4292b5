import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isRepeated } from './malformed.ts'

const NOT_ONE_UPGRADE = new Refusal(400, 'bad-upgrade', 'Send one Upgrade header.')
const BAD_KEY = new Refusal(400, 'bad-key', 'Send one Sec-WebSocket-Key: 16 bytes in base64.')
const BAD_VERSION = new Refusal(426, 'bad-version', 'Speak version 13 of the WebSocket protocol.')
const NO_SUBPROTOCOL = new Refusal(400, 'no-subprotocol', 'Ask for no subprotocol: there is none here.')

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/**
 * What is wrong with a WebSocket's opening handshake (RFC 6455 §4.2.1). Looked at before `ws` does, which answers in
 * plain text, accepts any subprotocol and knows no list of protocols: where there is one, it is told the one that counts.
 */
export function handshakeFault({ raw, headers }: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  if (isRepeated('upgrade', raw.rawHeaders)) return NOT_ONE_UPGRADE
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return BAD_KEY
  if (headers['sec-websocket-version'] !== '13') {
    reply.header('sec-websocket-version', '13')
    return BAD_VERSION
  }
  if (headers['sec-websocket-protocol'] !== undefined) return NO_SUBPROTOCOL
  raw.headers.upgrade = 'websocket'
  return undefined
}
