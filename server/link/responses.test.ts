import { describe, expect, it } from 'vitest'
import { followResponses } from './responses.ts'

const POLL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody'
const UNCHANGED = 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n'
const EMPTY = 'HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
const STREAM =
  'HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\ndata: HTTP/1.1 200 OK\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02HTTP/1.1 200 OK\r\n\r\n'

describe('following the responses of a connection', () => {
  it.each([1, 2, 3, 5, 17, 100, 1000])('passes on every byte, also in chunks of %i', size => {
    const wires = [INTERIM, POLL, UNCHANGED, EMPTY, CHUNKED, POLL, STREAM]
    const { passed, held, responses } = follow(wires, size)
    expect(passed).toBe(wires.join(''))
    const [, chunks = '', streamed] = /^(.*)(data: .*)$/s.exec(held) ?? []
    expect(streamed).toBe(STREAM.slice(STREAM.indexOf('data: ')))
    // The last chunk is not held, so nothing of the body is.
    expect('3\r\nabc\r\n0\r\n\r'.startsWith(chunks)).toBe(true)
    expect(responses.exempt).toBe(true)
  })

  it.each([
    ['a body with a length', POLL],
    ['no body at all', UNCHANGED],
    ['an empty body', EMPTY],
    ['chunks', CHUNKED],
  ])('knows when a response with %s is complete', (_what, wire) => {
    for (let length = 0; length < wire.length; length += 1) {
      expect(follow([wire.slice(0, length)], 7).responses.awaited).toBe(true)
    }
    expect(follow([wire], 7).responses.awaited).toBe(false)
  })

  it.each([
    ['a stream that ends with its connection', STREAM],
    ['another protocol', SWITCHED],
    ['an interim response', INTERIM],
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a head without an end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
  ])('never takes %s for complete', (_what, wire) => {
    expect(follow([wire], 7).responses.awaited).toBe(true)
  })

  it('passes another protocol unchanged, whatever it looks like', () => {
    expect(follow([SWITCHED, STREAM], 1000)).toMatchObject({ held: '', passed: SWITCHED + STREAM })
  })
})

/** Follows bytes that arrive in chunks of at most `size`, after a request was forwarded. */
function follow(wires: readonly string[], size: number) {
  const responses = followResponses()
  let passed = ''
  let held = ''
  responses.awaited = true
  for (const wire of wires) {
    for (let begin = 0; begin < wire.length; begin += size) {
      responses.read(Buffer.from(wire.slice(begin, begin + size), 'latin1'), (piece, unsized) => {
        passed += piece.toString('latin1')
        if (unsized) held += piece.toString('latin1')
      })
    }
  }
  return { responses, passed, held }
}
