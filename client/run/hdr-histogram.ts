/**
 * Reads the histograms of a run: HdrHistogram's V2 encoding, deflated, as base64
 * (https://github.com/HdrHistogram/HdrHistogram, `encodeIntoCompressedByteBuffer`). The library that wrote them looks
 * for zlib with `eval`, which the page's content security policy forbids; the browser inflates by itself.
 */
export interface Histogram {
  /** The highest value of each bucket that counts something, ascending, and how often. */
  readonly buckets: readonly { readonly value: number; readonly count: number }[]
  readonly total: number
}

const COMPRESSED_COOKIE = 0x1c849304
const COOKIE = 0x1c849303
/** Bits of the cookies that say how wide the words are. */
const WORD_SIZE = 0xf0
const COMPRESSED_HEAD_BYTES = 8
const HEAD_BYTES = 40

/** Rejects what is no such histogram. */
export async function readHistogram(base64: string): Promise<Histogram> {
  const bytes = Uint8Array.from(atob(base64), sign => sign.charCodeAt(0))
  const head = new DataView(bytes.buffer)
  if ((head.getInt32(0) & ~WORD_SIZE) !== COMPRESSED_COOKIE) throw new Error('This is no HdrHistogram of V2.')
  const length = head.getInt32(4)
  return decode(await inflate(bytes.slice(COMPRESSED_HEAD_BYTES, COMPRESSED_HEAD_BYTES + length)))
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(inflated).arrayBuffer())
}

function decode(bytes: Uint8Array): Histogram {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if ((head.getInt32(0) & ~WORD_SIZE) !== COOKIE) throw new Error('This is no HdrHistogram of V2.')
  const end = HEAD_BYTES + head.getInt32(4)
  const highestValueAt = indexing(head.getInt32(12), Number(head.getBigInt64(16)))
  const buckets: { value: number; count: number }[] = []
  let total = 0
  let index = 0
  for (let at = HEAD_BYTES; at < end; ) {
    const word = readWord(bytes, at)
    at = word.next
    // A negative count is a run of buckets that count nothing.
    if (word.value < 0) {
      index -= word.value
      continue
    }
    if (word.value > 0) buckets.push({ value: highestValueAt(index), count: word.value })
    total += word.value
    index++
  }
  return { buckets, total }
}

/** ZigZag LEB128: seven bits a byte, least first, the sign in the lowest bit; in its ninth byte all eight count. */
function readWord(bytes: Uint8Array, from: number): { value: number; next: number } {
  let raw = 0
  let scale = 1
  for (let length = 1; ; length++) {
    const byte = bytes[from + length - 1]
    if (byte === undefined) throw new Error('The histogram ends within a count.')
    const last = length === 9 || byte < 0x80
    raw += (length === 9 ? byte : byte & 0x7f) * scale
    scale *= 128
    if (last) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: from + length }
  }
}

/** Buckets are linear within each doubling of the value: `digits` significant digits, in units of `lowest`. */
function indexing(digits: number, lowest: number): (index: number) => number {
  const unit = 2 ** Math.floor(Math.log2(lowest))
  const half = 2 ** Math.ceil(Math.log2(2 * 10 ** digits)) / 2
  return index => {
    const doubling = Math.max(0, Math.floor(index / half) - 1)
    const within = index - doubling * half
    return (within + 1) * unit * 2 ** doubling - 1
  }
}

export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>()
  for (const { buckets } of histograms) {
    for (const { value, count } of buckets) counts.set(value, (counts.get(value) ?? 0) + count)
  }
  return {
    buckets: [...counts].sort(([a], [b]) => a - b).map(([value, count]) => ({ value, count })),
    total: histograms.reduce((sum, { total }) => sum + total, 0),
  }
}

/** The smallest value that `share` (0 to 1) of the counts do not exceed; `null` without counts. */
export function valueAt({ buckets, total }: Histogram, share: number): number | null {
  // Products of doubles: 0.9 × 10 must not ask for the tenth.
  const wanted = Math.max(1, Math.ceil(share * total - 1e-9))
  let seen = 0
  for (const { value, count } of buckets) {
    seen += count
    if (seen >= wanted) return value
  }
  return null
}
