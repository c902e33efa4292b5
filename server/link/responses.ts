/** Where the responses on one connection stand, read off as their bytes pass by. */
export interface Responses {
  /** A request has gone up whose response is not complete. Set by whoever passes requests on. */
  asked: boolean
  /** Whether the present response says `X-Accel-Buffering: no`. */
  readonly exempt: boolean
  /** Hands on all of `bytes`, in pieces: `unsized` is the body of a response without a length, and not its end. */
  read(bytes: Buffer, pass: (piece: Buffer, unsized: boolean) => void): void
}

/** A head that is longer than this is none. */
const HEAD_MAX_BYTES = 16 * 1024

/**
 * Follows the responses of one connection (RFC 9112 §6.3), as far as a proxy needs that buffers their bodies. Nothing
 * is kept back, and what is not HTTP, or is no longer after a 101, passes as it is. That a response answers HEAD cannot
 * be seen from here: if it has a length, the next response is taken for its body and passes as it is, too.
 */
export function followResponses(): Responses {
  let part: 'head' | 'sized' | 'chunked' | 'endless' | 'opaque' = 'head'
  let head = ''
  let bodyBytesLeft = 0
  let tail = ''

  const responses = { asked: false, exempt: false, read }
  return responses

  function read(bytes: Buffer, pass: (piece: Buffer, unsized: boolean) => void): void {
    let rest = bytes
    while (rest.length > 0) {
      const before = part
      const piece = rest.subarray(0, part === 'head' ? readHead(rest) : readBody(rest))
      rest = rest.subarray(piece.length)
      pass(piece, part === before && (part === 'endless' || part === 'chunked'))
    }
  }

  /** Returns how many of the bytes belong to the head. */
  function readHead(bytes: Buffer): number {
    const before = head.length
    head += bytes.toString('latin1', 0, HEAD_MAX_BYTES)
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) {
      if (!head.startsWith('HTTP/1.'.slice(0, head.length)) || head.length >= HEAD_MAX_BYTES) part = 'opaque'
      return bytes.length
    }
    head = head.slice(0, end + 4)
    const headBytes = head.length - before
    enterBody()
    head = ''
    return headBytes
  }

  function enterBody(): void {
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1])
    const length = /^content-length: *(\d+)/im.exec(head)?.[1]
    responses.exempt = /^x-accel-buffering: *no\b/im.test(head)
    if (Number.isNaN(status) || status === 101) part = 'opaque'
    else if (status < 200) part = 'head'
    else if (status === 204 || status === 304 || Number(length) === 0) complete()
    else if (length !== undefined) {
      part = 'sized'
      bodyBytesLeft = Number(length)
    } else part = /^transfer-encoding:.*chunked/im.test(head) ? 'chunked' : 'endless'
  }

  /** Returns how many of the bytes belong to the body. */
  function readBody(bytes: Buffer): number {
    if (part === 'chunked') {
      // The last chunk (RFC 9112 §7.1) is the last of what a server sends that has not been asked for more.
      tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - 5))).slice(-5)
      if (tail === '0\r\n\r\n') complete()
    }
    if (part !== 'sized') return bytes.length
    const bodyBytes = Math.min(bodyBytesLeft, bytes.length)
    bodyBytesLeft -= bodyBytes
    if (bodyBytesLeft === 0) complete()
    return bodyBytes
  }

  function complete(): void {
    part = 'head'
    tail = ''
    responses.asked = false
  }
}
