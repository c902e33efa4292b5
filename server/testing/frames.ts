/** Frames of RFC 6455 §5.2, also such as no library would send, and the frames in received bytes. */

export interface FrameFlaws {
  readonly fin?: boolean
  /** The three reserved bits, RSV1 the highest. */
  readonly rsv?: number
  readonly masked?: boolean
}

const MASK = Buffer.from([0x5a, 0x01, 0xfe, 0x33])

export function frame(opcode: number, payload: string | Uint8Array, flaws: FrameFlaws = {}): Buffer {
  const { fin = true, rsv = 0, masked = true } = flaws
  const body = Buffer.from(payload)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const head = Buffer.from([first, ...lengthOf(body.length, masked)])
  return masked
    ? Buffer.concat([head, MASK, body.map((byte, at) => byte ^ (MASK[at % 4] ?? 0))])
    : concat(head, body)
}

/** The head of a text frame that announces so many bytes, without them. */
export function announce(bytes: bigint): Buffer {
  const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeBigUInt64BE(bytes, 2)
  return concat(head, MASK)
}

/** A text in so many fragments, without the last one. */
export function fragments(count: number, each: string): Buffer {
  return concat(frame(0x1, each, { fin: false }), repeated(frame(0x0, each, { fin: false }), count))
}

export function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.alloc(bytes.length * times, bytes)
}

export function closeBody(code: number): Buffer {
  return Buffer.from([code >> 8, code & 0xff])
}

export interface ReceivedFrame {
  readonly first: number
  readonly payload: Buffer
}

/** The complete frames behind the head of the handshake's answer. */
export function framesIn(received: Buffer): ReceivedFrame[] {
  const frames: ReceivedFrame[] = []
  let rest = received.subarray(received.indexOf('\r\n\r\n') + 4)
  if (!received.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) return frames
  for (let frame = firstFrame(rest); frame !== null; frame = firstFrame(rest)) {
    frames.push(frame)
    rest = rest.subarray(frame.bytes)
  }
  return frames
}

export function firstFrame(bytes: Buffer): (ReceivedFrame & { readonly bytes: number }) | null {
  const [first, second = 0] = bytes
  const extended = second === 126 ? 2 : second === 127 ? 8 : 0
  if (first === undefined || bytes.length < 2 + extended) return null
  const length =
    extended === 2 ? bytes.readUInt16BE(2) : extended === 8 ? Number(bytes.readBigUInt64BE(2)) : second
  const end = 2 + extended + length
  return bytes.length < end ? null : { first, payload: bytes.subarray(2 + extended, end), bytes: end }
}

/** The texts of all unfragmented text frames. */
export function textsIn(received: Buffer): string[] {
  return framesIn(received)
    .filter(({ first }) => first === 0x81)
    .map(({ payload }) => payload.toString())
}

/** The code of the Close frame; null while there is none. */
export function closeCodeIn(received: Buffer): number | null {
  const close = framesIn(received).find(({ first }) => first === 0x88)
  return close === undefined ? null : close.payload.readUInt16BE(0)
}

function lengthOf(bytes: number, masked: boolean): number[] {
  const bit = masked ? 0x80 : 0
  return bytes < 126 ? [bit | bytes] : [bit | 126, bytes >> 8, bytes & 0xff]
}

function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}
