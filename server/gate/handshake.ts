import type { FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isRepeated } from './malformed.ts'

const NOT_ONE_UPGRADE = new Refusal(400, 'bad-upgrade', 'Send one Upgrade header.')
const BAD_KEY = new Refusal(400, 'bad-key', 'Send one Sec-WebSocket-Key: 16 bytes in base64.')
const BAD_VERSION = new Refusal(426, 'bad-version', 'Use version 13 of the WebSocket protocol.', {
  params: { version: 13 },
  headers: { 'sec-websocket-version': '13' },
})
const NO_SUBPROTOCOL = new Refusal(
  400,
  'no-subprotocol',
  'Leave Sec-WebSocket-Protocol out: this server has no subprotocol.',
)

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/**
 * What is wrong with a WebSocket's opening handshake (RFC 6455 §4.2.1). Checked before `ws` does, which answers in plain
 * text and accepts any subprotocol.
 */
export function handshakeFault({ raw, headers }: FastifyRequest): Refusal | null {
  if (isRepeated('upgrade', raw.rawHeaders)) return NOT_ONE_UPGRADE
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return BAD_KEY
  if (headers['sec-websocket-version'] !== '13') return BAD_VERSION
  if (headers['sec-websocket-protocol'] !== undefined) return NO_SUBPROTOCOL
  return null
}
