/** WebSocket on a raw socket (RFC 6455): an upgrade, then frames; what the client sends is masked. */
import { createHash, randomBytes } from 'node:crypto'
import { TRAITS } from '../../server/protocol/techniques.ts'
import { type ControlFrame, type LabEvent, parseCursor } from '../../server/protocol/wire.ts'
import { createFraming } from './framing.ts'
import { readHttpHead } from './http-head.ts'
import { type CreateReader, pathFrom, readSeq } from './reader.ts'

/** What both sides hash with the key (RFC 6455 §1.3). */
export const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const OPCODE = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const
const FINAL = 0x80
const MASKED = 0x80
/** `{"seq":` — an event; anything else is a control message. */
const SEQ_KEY = Buffer.from('{"seq":')

export const createWebSocketReader: CreateReader = context => {
  const key = Buffer.from(Array.from({ length: 16 }, () => Math.floor(context.random() * 256))).toString(
    'base64',
  )
  let upgraded = false
  const read = createFraming((bytes, start) => (upgraded ? takeFrame(bytes, start) : takeHead(bytes, start)))

  return {
    start() {
      context.send(
        `GET ${pathFrom(TRAITS.websocket.endpoint, context.from)} HTTP/1.1\r\nHost: ${context.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      )
    },
    read,
    pause() {},
    resume() {},
  }

  function takeHead(bytes: Buffer, start: number): number {
    const head = readHttpHead(bytes, start)
    if (head === null) return -1
    if (head.status !== 101) throw new Error(`/ws answered ${head.status}`)
    const accept = createHash('sha1')
      .update(key + ACCEPT_GUID)
      .digest('base64')
    if (!head.text.includes(accept)) throw new Error('/ws answered with a wrong Sec-WebSocket-Accept')
    upgraded = true
    return head.end
  }

  function takeFrame(bytes: Buffer, start: number): number {
    const frame = readFrame(bytes, start)
    if (frame === null) return -1
    const { first, payload, end } = frame
    if (first === (FINAL | OPCODE.text)) takeText(bytes, payload, end)
    else if (first === (FINAL | OPCODE.ping))
      context.send(maskedFrame(OPCODE.pong, bytes.subarray(payload, end)))
    else if (first === (FINAL | OPCODE.close)) {
      throw new Error(`/ws closed: ${end - payload > 1 ? bytes.readUInt16BE(payload) : 'no code'}`)
    } else if (first !== (FINAL | OPCODE.pong)) throw new Error(`unexpected frame 0x${first.toString(16)}`)
    return end
  }

  function takeText(bytes: Buffer, start: number, end: number): void {
    if (bytes.compare(SEQ_KEY, 0, SEQ_KEY.length, start, start + SEQ_KEY.length) !== 0) {
      takeControl(JSON.parse(bytes.toString('utf8', start, end)) as ControlFrame)
    } else if (context.sentinel) {
      const event = JSON.parse(bytes.toString('utf8', start, end)) as LabEvent
      context.onEvent(event.seq, event.at)
    } else {
      context.onEvent(readSeq(bytes, start + SEQ_KEY.length), null)
    }
  }

  function takeControl(frame: ControlFrame): void {
    if (frame.control === 'bye' || frame.control === 'gap') throw new Error(`/ws said ${frame.control}`)
    if (frame.control === 'hello') context.onPlace(parseCursor(frame.cursor)?.seq ?? -1, frame.epoch)
  }
}

/** The whole frame at `start` (§5.2): its first byte, and where its payload begins and ends. `null`: not whole yet. */
export function readFrame(
  bytes: Buffer,
  start: number,
): { first: number; payload: number; end: number } | null {
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
