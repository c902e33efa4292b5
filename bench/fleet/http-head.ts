import { type Technique, traitsOf } from '../../server/protocol/techniques.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** The head of a response (RFC 9112). */
export interface HttpHead {
  readonly status: number
  /** Where the body begins. */
  readonly end: number
  /** `null` when the body ends with the connection. */
  readonly contentLength: number | null
  /** The head as it came, without the blank line. */
  readonly text: string
}

/** The head that begins at `start`; `null` while it is not whole. */
export function readHttpHead(bytes: Buffer, start: number): HttpHead | null {
  const blank = bytes.indexOf(END_OF_HEAD, start)
  if (blank === -1) return null
  const text = bytes.toString('latin1', start, blank)
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)
  if (status === null) throw new Error(`not an HTTP response: ${text.slice(0, 60)}`)
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  return {
    status: Number(status[1]),
    end: blank + END_OF_HEAD.length,
    contentLength: length === null ? null : Number(length[1]),
    text,
  }
}

/** Formats the requests of one connection: what they have in common is put together once. */
export function createRequestFormat(
  technique: Technique,
  host: string,
  ...fields: readonly string[]
): (cursor: string | null) => string {
  const { endpoint, mediaType } = traitsOf(technique)
  const accept = mediaType === null ? [] : [`Accept: ${mediaType}`]
  const rest = ` ${['HTTP/1.1', `Host: ${host}`, ...accept, ...fields].join('\r\n')}\r\n\r\n`
  return cursor => (cursor === null ? `GET ${endpoint}${rest}` : `GET ${endpoint}?cursor=${cursor}${rest}`)
}
