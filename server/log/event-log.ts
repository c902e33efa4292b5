import { randomInt } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { CONTROLS, type Cursor, DATA_MAX_BYTES, EVENT_TYPE, type Gap } from '../protocol/wire.ts'

/** An event as the log keeps it: its text, made once and never again. */
export interface Entry {
  readonly seq: number
  readonly text: string
  /** UTF-8 bytes of `text`. */
  readonly bytes: number
  /** Monotonic milliseconds of the append; what `keepSeconds` counts from. */
  readonly keptAtMs: number
}

/** How much of the past is kept; whichever is reached first trims. */
export interface Window {
  readonly keepEvents: number
  readonly keepSeconds: number
  readonly keepBytes: number
}

/** How much one read may carry. At least one event is always carried, however large. */
export interface Portion {
  readonly maxEvents: number
  readonly maxBytes: number
  /** Bytes that the reader's envelope adds to each event, at most; they count. */
  readonly overheadBytes: number
}

/** What a reader gets for its cursor. */
export interface Slice {
  /** What can no longer be had; to be declared before the first of `entries`. */
  readonly gap: Gap | null
  /** The reader's place after the gap, just before the first of `entries`. */
  readonly from: Cursor
  readonly entries: readonly Entry[]
  /** The reader's place after all of `entries`. */
  readonly cursor: Cursor
  /** The portion was full: there is more to be had at once. */
  readonly more: boolean
}

/** A publish that the log refuses; `message` says what to do. */
export class PublishRefusal extends Error {
  readonly code: 'bad-type' | 'reserved-type' | 'bad-data' | 'data-too-large'

  constructor(code: PublishRefusal['code'], message: string) {
    super(message)
    this.name = 'PublishRefusal'
    this.code = code
  }
}

export interface EventLog {
  readonly epoch: string
  /** The newest event; 0 before the first. */
  readonly top: number
  /** The oldest event that is kept; `top + 1` when nothing is. */
  readonly oldest: number
  /** UTF-8 bytes of all texts that are kept. */
  readonly bytes: number
  /**
   * Publishes. Resolves once the event is in the log, to its cursor; rejects with `PublishRefusal`.
   * `at` is when the event was meant to be published (epoch milliseconds), by default now.
   */
  append(type: string, data: unknown, at?: number): Promise<Cursor>
  /** Everything after a cursor, or as much as the portion allows. Never throws: a cursor that is not of this log gets a gap. */
  since(cursor: Cursor, portion: Portion): Slice
  /** Calls back once in each turn of the event loop in which the log grew. Returns what ends it. */
  follow(grown: () => void): () => void
}

/** A log in memory: bounded, of one epoch, gone with the process. */
export function createEventLog(window: Window, clock: Clock): EventLog {
  const epoch = mintEpoch()
  /** A ring: the event `seq` lies at `seq % keepEvents`. */
  const ring: (Entry | undefined)[] = []
  const followers = new Set<() => void>()
  let top = 0
  let oldest = 1
  let bytes = 0
  let announcing = false

  return {
    epoch,
    get top() {
      return top
    },
    get oldest() {
      trim()
      return oldest
    },
    get bytes() {
      trim()
      return bytes
    },
    append,
    since,
    follow,
  }

  async function append(type: string, data: unknown, at = clock.epochMs()): Promise<Cursor> {
    const dataText = checkedText(type, data)
    top += 1
    const text = `{"seq":${top},"at":${at},"type":"${type}","data":${dataText}}`
    const entry: Entry = { seq: top, text, bytes: Buffer.byteLength(text), keptAtMs: clock.monotonicMs() }
    if (top - oldest >= window.keepEvents) dropOldest()
    ring[top % window.keepEvents] = entry
    bytes += entry.bytes
    trim()
    announce()
    return { epoch, seq: top }
  }

  function since(cursor: Cursor, portion: Portion): Slice {
    trim()
    const gap = gapAfter(cursor)
    const fromSeq = gap === null ? cursor.seq : gap.reason === 'ahead' ? top : oldest - 1
    const entries: Entry[] = []
    let portionBytes = 0
    for (let seq = fromSeq + 1; seq <= top && entries.length < portion.maxEvents; seq += 1) {
      const entry = kept(seq)
      portionBytes += entry.bytes + portion.overheadBytes
      if (portionBytes > portion.maxBytes && entries.length > 0) break
      entries.push(entry)
    }
    const seq = fromSeq + entries.length
    return { gap, from: { epoch, seq: fromSeq }, entries, cursor: { epoch, seq }, more: seq < top }
  }

  function follow(grown: () => void): () => void {
    followers.add(grown)
    return () => {
      followers.delete(grown)
    }
  }

  function gapAfter(cursor: Cursor): Gap | null {
    if (cursor.epoch !== epoch) return { reason: 'epoch', lost: null }
    if (cursor.seq > top) return { reason: 'ahead', lost: null }
    if (cursor.seq >= oldest - 1) return null
    const from = cursor.seq + 1
    const to = oldest - 1
    return { reason: 'trimmed', from, to, lost: to - from + 1 }
  }

  function trim(): void {
    const tooOldMs = clock.monotonicMs() - window.keepSeconds * 1000
    while (oldest <= top && (bytes > window.keepBytes || kept(oldest).keptAtMs < tooOldMs)) dropOldest()
  }

  function dropOldest(): void {
    bytes -= kept(oldest).bytes
    ring[oldest % window.keepEvents] = undefined
    oldest += 1
  }

  function kept(seq: number): Entry {
    const entry = ring[seq % window.keepEvents]
    if (entry === undefined || entry.seq !== seq)
      throw new Error(`event ${seq} is not kept (${oldest}..${top})`)
    return entry
  }

  /** Not at once but after this turn: a burst, or many publishers served in one turn, make one announcement. */
  function announce(): void {
    if (announcing) return
    announcing = true
    setImmediate(() => {
      announcing = false
      for (const grown of followers) grown()
    })
  }
}

function checkedText(type: string, data: unknown): string {
  if (!EVENT_TYPE.test(type)) {
    throw new PublishRefusal(
      'bad-type',
      'Give a type of lower-case letters, digits and hyphens, a letter first, at most 32.',
    )
  }
  if ((CONTROLS as readonly string[]).includes(type)) {
    throw new PublishRefusal(
      'reserved-type',
      `Choose another type: ${CONTROLS.join(', ')} are the protocol's own.`,
    )
  }
  return dataText(data)
}

/** The text of `data` as it stands in its event. Throws `PublishRefusal`. */
export function dataText(data: unknown): string {
  const text = jsonOf(data)
  if (text === undefined) throw new PublishRefusal('bad-data', 'Give data that JSON can carry.')
  if (text.length > DATA_MAX_BYTES || Buffer.byteLength(text) > DATA_MAX_BYTES) {
    throw new PublishRefusal('data-too-large', `Send at most ${DATA_MAX_BYTES} bytes of data.`)
  }
  return text
}

function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data)
  } catch (error) {
    // JSON.parse takes any depth; JSON.stringify goes down the stack with it.
    if (error instanceof RangeError) throw new PublishRefusal('bad-data', 'Nest data less deeply.')
    throw error
  }
}

function mintEpoch(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 10 }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}
