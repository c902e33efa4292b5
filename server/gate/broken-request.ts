import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../protocol/api.ts'
import { presentAnswer } from './present-answer.ts'

/** What Node tells of a request that never became one. */
export interface BrokenRequest {
  readonly code?: string
}

/**
 * Refuses what Node's parser could not read, or waited for too long, in the form of every other refusal, and hangs up:
 * nobody can know where the next request on that connection would begin.
 */
export function refuseBrokenRequest({ code = '' }: BrokenRequest, socket: Socket): void {
  // A second answer in the middle of the first would be read as a part of it.
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

/** Refuses an expectation other than `100-continue`, which Node would do without a word (RFC 9110 §10.1.1). */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  hangUpWith(response, 417, { error: 'Expect nothing, or 100-continue.', code: 'bad-expectation' })
}

/** Refuses an address by which no route can be looked for. No hook sees it, and Fastify would echo it. */
export function refuseAddress(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  hangUpWith(reply.raw, 400, { error: 'Ask for an address that is a well-formed URL.', code: 'bad-address' })
}

function hangUpWith(response: ServerResponse, status: number, refusal: Refusal): void {
  const body = JSON.stringify(refusal)
  const { socket } = response
  response.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
  })
  // Of a connection that asked for an upgrade Node has let go: nobody else would close it.
  response.end(body, () => socket?.destroySoon())
}

const JSON_TYPE = 'application/json; charset=utf-8'

interface Answer {
  readonly status: string
  readonly refusal: Refusal
}

const UNREADABLE: Answer = {
  status: '400 Bad Request',
  refusal: { error: 'Send a well-formed HTTP/1.1 request.', code: 'bad-request' },
}
const BY_CODE: Readonly<Record<string, Answer>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    refusal: {
      error:
        'Delete the cookies of this address in your browser, or send a shorter address and shorter headers: 20,000 bytes in all.',
      code: 'head-too-large',
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
