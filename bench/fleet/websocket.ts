/** WebSocket on a raw socket (RFC 6455): an upgrade, then frames; what the client sends is masked. */
import { createHash, randomBytes } from 'node:crypto'
import type { Hello } from '../../server/protocol/wire.ts'
import type { FleetTechnique } from './fleet-technique.ts'
import { createRequestFormat, type HttpHead } from './http-head.ts'
import { createStreamReader, findSecondUnit } from './stream-reader.ts'
import { createTextReader } from './text-reader.ts'

/** What both sides hash with the key (RFC 6455 §1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const OPCODE = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const
const FINAL = 0x80
const MASKED = 0x80
const KEY_BYTES = 16

export const websocket: FleetTechnique = {
  createReader(context) {
    const key = Buffer.from(Array.from({ length: KEY_BYTES }, () => Math.floor(context.random() * 256)))
    const request = formatUpgrade(context.host, context.from, key)
    const takeText = createTextReader(context)
    return createStreamReader(context, request, checkUpgrade, takeFrame)

    function checkUpgrade({ status, text }: HttpHead): void {
      if (status !== 101) throw new Error(`an upgrade was answered ${status}`)
      if (!text.includes(acceptFor(key.toString('base64'))))
        throw new Error('an upgrade was answered with a wrong Sec-WebSocket-Accept')
    }

    function takeFrame(bytes: Buffer, start: number): number {
      const frame = readFrame(bytes, start)
      if (frame === null) return -1
      const { first, payload, end } = frame
      if (first === (FINAL | OPCODE.text)) takeText(bytes, payload, end)
      else if (first === (FINAL | OPCODE.ping))
        context.send(maskedFrame(OPCODE.pong, bytes.subarray(payload, end)))
      else if (first === (FINAL | OPCODE.close)) {
        throw new Error(`a stream was closed: ${end - payload > 1 ? bytes.readUInt16BE(payload) : 'no code'}`)
      } else if (first !== (FINAL | OPCODE.pong)) throw new Error(`unexpected frame 0x${first.toString(16)}`)
      return end
    }
  },

  formatRequest: (host, cursor) => formatUpgrade(host, cursor, Buffer.alloc(KEY_BYTES)),

  findPayload: findSecondUnit((bytes, start) => readFrame(bytes, start)?.end ?? -1),

  encode: {
    hello: (request, hello) => Buffer.concat([encodeUpgrade(request), encodeHello(hello)]),
    events: events => Buffer.concat(events.map(({ text }) => encodeText(text))),
  },
}

function formatUpgrade(host: string, cursor: string | null, key: Buffer): string {
  return createRequestFormat(
    'websocket',
    host,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key.toString('base64')}`,
  )(cursor)
}

function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_GUID)
    .digest('base64')
}

interface Frame {
  /** Flags and opcode. */
  readonly first: number
  readonly payload: number
  readonly end: number
}

/** The frame that begins at `start` (§5.2), and where its payload begins and ends; `null` while it is not whole. */
function readFrame(bytes: Buffer, start: number): Frame | null {
  if (bytes.length < start + 2) return null
  const second = bytes[start + 1] ?? 0
  if (second & MASKED) throw new Error('a server must not mask')
  const payload = start + (second < 126 ? 2 : second === 126 ? 4 : 10)
  if (bytes.length < payload) return null
  const length =
    second < 126
      ? second
      : second === 126
        ? bytes.readUInt16BE(start + 2)
        : Number(bytes.readBigUInt64BE(start + 2))
  const end = payload + length
  return bytes.length < end ? null : { first: bytes[start] ?? 0, payload, end }
}

/** A client's frame (§5.3); control frames hold at most 125 bytes, and the fleet sends no others. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = Buffer.from(payload)
  for (let index = 0; index < masked.length; index++)
    masked[index] = (masked[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return Buffer.concat([Buffer.from([FINAL | opcode, MASKED | payload.length]), mask, masked])
}

function encodeUpgrade(request: string): Buffer {
  const key = /\r\nSec-WebSocket-Key: (\S+)/i.exec(request)?.[1] ?? ''
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`,
  )
}

function encodeHello(hello: Hello): Buffer {
  return encodeText(JSON.stringify({ control: 'hello', ...hello }))
}

/** A server's text frame (§5.2), its length in the shortest form. */
function encodeText(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 0x1_00_00 ? 4 : 10)
  head[0] = FINAL | OPCODE.text
  if (head.length === 2) head[1] = payload.length
  else if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(payload.length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  return Buffer.concat([head, payload])
}
