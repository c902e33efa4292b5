import { STATUS_CODES } from 'node:http'
import type { RefusalBody } from '../protocol/api.ts'

/** The headers by which a page of this `Origin` may read an answer; a foreign origin gets no permission. */
export type Grants = (origin: string | undefined) => Readonly<Record<string, string>>

/** The answer of a proxy that cannot reach the server behind it, to a request with this head. */
export function badGateway(status: number, requestHead: string, grants: Grants): Buffer {
  const refusal: RefusalBody = {
    error: 'Clear the conditions of the link, or try again: it refuses new requests.',
    code: 'link-refuses',
  }
  const body = JSON.stringify(refusal)
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    connection: 'close',
    ...grants(/^origin: *(\S+)/im.exec(requestHead)?.[1]),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`
  return Buffer.from(requestHead.startsWith('HEAD ') ? head : head + body)
}
