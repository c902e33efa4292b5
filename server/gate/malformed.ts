import type { FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isHttp10 } from './request-target.ts'

/** Node's default: it reads so many headers and silently drops the others. */
const HEADERS_READ = 1000

const CLOSES = { headers: { connection: 'close' } }
const NOT_ONE_HOST = new Refusal(400, 'not-one-host', 'Send one Host header.', CLOSES)
const TOO_MANY_HEADERS = new Refusal(431, 'head-too-large', 'Send fewer headers.', CLOSES)
const UNKNOWN_CODING = new Refusal(
  400,
  'bad-request',
  'Send the body with a Content-Length, or chunked.',
  CLOSES,
)
const BODY_WITHOUT_USE = new Refusal(413, 'too-large', 'Send this request without a body.', CLOSES)
const ENCODED_BODY = new Refusal(415, 'not-json', 'Send plain JSON, without a Content-Encoding.', CLOSES)

/** Why a request is refused that Node's parser accepts but that cannot be answered correctly. */
export function malformationOf({ raw, headers, method }: FastifyRequest): Refusal | null {
  const { rawHeaders } = raw
  // A dropped header may be the one that the guard would have checked.
  if (rawHeaders.length >= HEADERS_READ * 2) return TOO_MANY_HEADERS
  // Of several, Node keeps the first, and a proxy in front of it perhaps the last. HTTP/1.0 needs none.
  if (isRepeated('host', rawHeaders) || (headers.host === undefined && !isHttp10(raw))) return NOT_ONE_HOST
  if (headers['content-encoding'] !== undefined) return ENCODED_BODY
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return UNKNOWN_CODING
  // An unread body would block the socket, and the close of a held reader could not be seen on it any more.
  if ((method === 'GET' || method === 'HEAD') && announcesBody(headers)) return BODY_WITHOUT_USE
  return null
}

/** Whether a request has a header, named in lower case, more than once. Node joins or drops the others. */
export function isRepeated(name: string, rawHeaders: readonly string[]): boolean {
  let found = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const other = rawHeaders[index]
    if (other?.length !== name.length || other.toLowerCase() !== name) continue
    if (found) return true
    found = true
  }
  return false
}

function announcesBody(headers: FastifyRequest['headers']): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}
