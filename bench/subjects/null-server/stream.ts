/** The streams without a server: a head, a hello, then the same bytes to everyone, and the next. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { ACCEPT_GUID } from '../../fleet/websocket.ts'
import type { Flood, NullEndpoint } from './endpoint.ts'
import { cursorOf, eventText, helloText } from './event.ts'

interface Envelope {
  greet(request: string, seq: number): Buffer
  event(seq: number, text: string): Buffer
}

const ENVELOPES: Readonly<Record<'sse' | 'websocket', Envelope>> = {
  sse: {
    greet: (_request, seq) =>
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: ${cursorOf(seq)}\nevent: hello\ndata: ${helloText(seq, {})}\n\n`,
      ),
    event: (seq, text) => Buffer.from(`data: ${text}\nid: ${cursorOf(seq)}\n\n`),
  },
  websocket: {
    greet(request, seq) {
      const key = /\r\nSec-WebSocket-Key: (\S+)/i.exec(request)?.[1] ?? ''
      const accept = createHash('sha1')
        .update(key + ACCEPT_GUID)
        .digest('base64')
      const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
      return Buffer.concat([Buffer.from(head), textFrame(helloText(seq, { control: 'hello' }))])
    },
    event: (_seq, text) => textFrame(text),
  },
}

export function createStream(technique: 'sse' | 'websocket', payloadBytes: number): NullEndpoint {
  const envelope = ENVELOPES[technique]
  const greeted = new Set<Socket>()
  let seq = 0
  return {
    heard(socket, bytes) {
      if (greeted.has(socket)) return
      greeted.add(socket)
      socket.write(envelope.greet(bytes.toString('latin1'), seq))
    },
    gone: socket => void greeted.delete(socket),
    flood: send,
  }

  function send({ rounds, eventsAtOnce }: Flood): void {
    if (rounds === 0) return
    const bytes = Buffer.concat(Array.from({ length: eventsAtOnce }, encodeNext))
    for (const socket of greeted) socket.write(bytes)
    setImmediate(send, { rounds: rounds - 1, eventsAtOnce })
  }

  function encodeNext(): Buffer {
    seq++
    return envelope.event(seq, eventText(seq, payloadBytes))
  }
}

/** A server's text frame (RFC 6455 §5.2) in the shortest form of its length. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = Buffer.alloc(length < 126 ? 2 : length < 0x1_00_00 ? 4 : 10)
  head[0] = 0x81
  if (head.length === 2) head[1] = length
  else if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, Buffer.from(text)])
}
