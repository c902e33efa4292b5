const END_OF_HEAD = Buffer.from('\r\n\r\n')

export interface HttpHead {
  readonly status: number
  /** Where the body begins. */
  readonly end: number
  /** `null` when the body ends with the connection. */
  readonly contentLength: number | null
  /** The head as it stands, without the blank line. */
  readonly text: string
}

/** Reads the response head at `start` (RFC 9112), or returns `null` while it is not whole. */
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
