/** The state of the responses on one connection, read from their bytes as they pass. */
export interface Responses {
  /** A request was forwarded whose response is not complete. Set by the code that forwards requests. */
  awaited: boolean
  /** Whether the present response has `X-Accel-Buffering: no`. */
  readonly exempt: boolean
  /** Passes all of `bytes` on in parts. `unsized` marks the body of a response without a length, except its end. */
  read(bytes: Buffer, pass: (part: Buffer, unsized: boolean) => void): void
}

/** Anything longer than this is not taken for a head. */
const HEAD_MAX_BYTES = 16 * 1024

/**
 * Follows the responses of one connection (RFC 9112 §6.3) as far as a proxy needs that buffers their bodies. It holds
 * nothing back, and bytes that are not HTTP, or no longer after a 101, pass unchanged. It cannot see that a response
 * answers HEAD: if that has a length, the next response is taken for its body and passes unchanged too.
 */
export function followResponses(): Responses {
  let state: 'head' | 'sized' | 'chunked' | 'endless' | 'opaque' = 'head'
  let head = ''
  let bodyBytesLeft = 0
  let tail = ''

  const responses = { awaited: false, exempt: false, read }
  return responses

  function read(bytes: Buffer, pass: (part: Buffer, unsized: boolean) => void): void {
    let rest = bytes
    while (rest.length > 0) {
      const before = state
      const part = rest.subarray(0, state === 'head' ? readHead(rest) : readBody(rest))
      rest = rest.subarray(part.length)
      pass(part, state === before && (state === 'endless' || state === 'chunked'))
    }
  }

  /** Returns how many of the bytes belong to the head. */
  function readHead(bytes: Buffer): number {
    const before = head.length
    head += bytes.toString('latin1', 0, HEAD_MAX_BYTES)
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) {
      if (!head.startsWith('HTTP/1.'.slice(0, head.length)) || head.length >= HEAD_MAX_BYTES) state = 'opaque'
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
    if (Number.isNaN(status) || status === 101) state = 'opaque'
    else if (status < 200) state = 'head'
    else if (status === 204 || status === 304 || Number(length) === 0) complete()
    else if (length !== undefined) {
      state = 'sized'
      bodyBytesLeft = Number(length)
    } else state = /^transfer-encoding:.*chunked/im.test(head) ? 'chunked' : 'endless'
  }

  /** Returns how many of the bytes belong to the body. */
  function readBody(bytes: Buffer): number {
    if (state === 'chunked') {
      // The last chunk (RFC 9112 §7.1) ends what a server sends until the next request.
      tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - 5))).slice(-5)
      if (tail === '0\r\n\r\n') complete()
    }
    if (state !== 'sized') return bytes.length
    const bodyBytes = Math.min(bodyBytesLeft, bytes.length)
    bodyBytesLeft -= bodyBytes
    if (bodyBytesLeft === 0) complete()
    return bodyBytes
  }

  function complete(): void {
    state = 'head'
    tail = ''
    responses.awaited = false
  }
}
