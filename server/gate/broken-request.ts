import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HEAD_MAX_BYTES } from '../policy.ts'
import type { RefusalBody } from '../protocol/api.ts'
import { presentAnswer } from './present-answer.ts'

/** What Node says of a request that it could not read. */
export interface BrokenRequest {
  readonly code?: string
}

/**
 * Refuses what Node's parser could not read, or waited too long for, in the form of all refusals, and closes the
 * connection, because it is unknown where the next request on it would begin.
 */
export function refuseBrokenRequest({ code = '' }: BrokenRequest, socket: Socket): void {
  // A second answer in the middle of the first would be read as part of it.
  if (code === 'ECONNRESET' || !socket.writable || presentAnswer(socket)?.headersSent === true) {
    socket.destroy()
    return
  }
  const { status, refusal } = BY_CODE[code] ?? UNREADABLE
  const body = JSON.stringify(refusal)
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** Refuses an expectation other than `100-continue` (RFC 9110 §10.1.1). Node would do so with an empty answer. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  hangUpWith(response, 417, {
    error: 'Send Expect: 100-continue, or no Expect header.',
    code: 'bad-expectation',
  })
}

/** Refuses an address that no route can be looked up by. No hook sees it, and Fastify would echo it. */
export function refuseAddress(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  hangUpWith(reply.raw, 400, { error: 'Use an address that is a well-formed URL.', code: 'bad-address' })
}

function hangUpWith(response: ServerResponse, status: number, refusal: RefusalBody): void {
  const body = JSON.stringify(refusal)
  const { socket } = response
  response.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
  })
  // Node has detached itself from a connection that asked for an upgrade, so nothing else would close it.
  response.end(body, () => socket?.destroySoon())
}

const JSON_TYPE = 'application/json; charset=utf-8'

interface Answer {
  readonly status: string
  readonly refusal: RefusalBody
}

const UNREADABLE: Answer = {
  status: '400 Bad Request',
  refusal: { error: 'Send a well-formed HTTP/1.1 request.', code: 'bad-request' },
}
const BY_CODE: Readonly<Record<string, Answer>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    refusal: {
      error: `Delete the cookies of this address in your browser, or send a shorter address and shorter headers: ${HEAD_MAX_BYTES} bytes in all.`,
      code: 'head-too-large',
      params: { maxBytes: HEAD_MAX_BYTES },
    },
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Payload Too Large',
    refusal: { error: 'Send chunks without long extensions.', code: 'too-large' },
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    refusal: { error: 'Send the whole request at once.', code: 'too-late' },
  },
}
