import type { FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'
import { isHttp10 } from './request-target.ts'

/** Node reads so many headers, if it is not told otherwise, and drops the others without a word. */
const HEADERS_READ = 1000

const NOT_ONE_HOST = new Refusal(400, 'not-one-host', 'Send one Host header.')
const TOO_MANY_HEADERS = new Refusal(431, 'head-too-large', 'Send fewer headers.')
const UNKNOWN_CODING = new Refusal(400, 'bad-request', 'Send the body with a Content-Length, or chunked.')
const BODY_WITHOUT_USE = new Refusal(413, 'too-large', 'Ask without a body.')
const ENCODED_BODY = new Refusal(415, 'not-json', 'Send JSON as it is, without a Content-Encoding.')

/** What Node's parser lets through although nobody could answer it rightly. */
export function malformationOf({ raw, headers, method }: FastifyRequest): Refusal | undefined {
  const { rawHeaders } = raw
  // What was dropped may be the very header that a guard would have looked at.
  if (rawHeaders.length >= HEADERS_READ * 2) return TOO_MANY_HEADERS
  // Node keeps the first of several, a proxy before it perhaps the last. HTTP/1.0 needs none.
  if (isRepeated('host', rawHeaders) || (headers.host === undefined && !isHttp10(raw))) return NOT_ONE_HOST
  if (headers['content-encoding'] !== undefined) return ENCODED_BODY
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return UNKNOWN_CODING
  // Never read, it would stop up the socket, on which the leaving of a held reader could then not be seen.
  if ((method === 'GET' || method === 'HEAD') && announcesBody(headers)) return BODY_WITHOUT_USE
  return undefined
}

/** Whether a header, named in lower case, stands more than once in a request. Node joins or drops the others. */
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
