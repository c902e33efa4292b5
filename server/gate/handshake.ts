import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'

const NOT_GET = new Refusal(405, 'method-not-allowed', 'Open a WebSocket with GET.')
const NOT_WEBSOCKET = new Refusal(400, 'bad-upgrade', 'Ask for an upgrade to websocket and nothing else.')
const BAD_KEY = new Refusal(400, 'bad-key', 'Send one Sec-WebSocket-Key: 16 bytes in base64.')
const BAD_VERSION = new Refusal(426, 'bad-version', 'Speak version 13 of the WebSocket protocol.')
const NO_SUBPROTOCOL = new Refusal(400, 'no-subprotocol', 'Ask for no subprotocol: there is none here.')

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/**
 * What is wrong with a WebSocket's opening handshake (RFC 6455 §4.2.1). Looked at before `ws` does, which answers in
 * plain text and accepts any subprotocol.
 */
export function handshakeFault(request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  const { headers, method } = request
  if (method !== 'GET') {
    reply.header('allow', 'GET')
    return NOT_GET
  }
  if (headers.upgrade?.toLowerCase() !== 'websocket') return NOT_WEBSOCKET
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return BAD_KEY
  if (headers['sec-websocket-version'] !== '13') {
    reply.header('sec-websocket-version', '13')
    return BAD_VERSION
  }
  return headers['sec-websocket-protocol'] === undefined ? undefined : NO_SUBPROTOCOL
}
