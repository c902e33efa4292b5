import { randomInt } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { RefusalParams } from '../protocol/api.ts'
import {
  CONTROLS,
  type Cursor,
  DATA_MAX_BYTES,
  EVENT_TYPE,
  EVENT_TYPE_MAX_LENGTH,
  type Gap,
} from '../protocol/wire.ts'

/** An event as the log keeps it. Its text is made once. */
export interface Entry {
  readonly seq: number
  readonly text: string
  /** UTF-8 bytes of `text`. */
  readonly bytes: number
  /** When it was appended, on the monotonic clock; `keepSeconds` counts from here. */
  readonly keptAtMs: number
}

/** How much of the past is kept. Whichever limit is reached first trims the log. */
export interface Window {
  readonly keepEvents: number
  readonly keepSeconds: number
  readonly keepBytes: number
}

/** How much one read may return. It always returns at least one event, however large. */
export interface Portion {
  readonly maxEvents: number
  readonly maxBytes: number
  /** The most bytes that the reader's envelope adds to each event; they count towards `maxBytes`. */
  readonly overheadBytes: number
}

/** What a reader gets for its cursor. */
export interface Slice {
  /** The events that are lost; to be declared before the first of `entries`. */
  readonly gap: Gap | null
  /** The reader's cursor after the gap, just before the first of `entries`. */
  readonly from: Cursor
  readonly entries: readonly Entry[]
  /** The reader's cursor after all of `entries`. */
  readonly cursor: Cursor
  /** The portion was full: more can be read at once. */
  readonly more: boolean
}

/** An event that the log refuses; `message` says what to do. */
export class PublishRefusal extends Error {
  readonly code: 'bad-type' | 'reserved-type' | 'bad-data' | 'data-too-large'
  readonly params: RefusalParams | undefined

  constructor(code: PublishRefusal['code'], message: string, params?: RefusalParams) {
    super(message)
    this.name = 'PublishRefusal'
    this.code = code
    this.params = params
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
   * `at` is when the source meant to publish the event (epoch milliseconds); now if not given.
   */
  append(type: string, data: unknown, at?: number): Promise<Cursor>
  /** Everything after a cursor, as far as the portion allows. Never throws: a cursor of another log gets a gap. */
  since(cursor: Cursor, portion: Portion): Slice
  /** Calls back once for each turn of the event loop in which the log grew. Returns a function that stops it. */
  follow(grown: () => void): () => void
}

/** A log in memory: bounded, of one epoch, lost with the process. */
export function createEventLog(window: Window, clock: Clock): EventLog {
  const epoch = mintEpoch()
  /** A ring buffer: the event `seq` is at `seq % keepEvents`. */
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

  /** After this turn and not at once, so that a burst, or many publishers in one turn, make one announcement. */
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
      `Send a type of at most ${EVENT_TYPE_MAX_LENGTH} lower-case letters, digits and hyphens, beginning with a letter.`,
      { maxLength: EVENT_TYPE_MAX_LENGTH },
    )
  }
  if ((CONTROLS as readonly string[]).includes(type)) {
    throw new PublishRefusal(
      'reserved-type',
      `Choose another type: the protocol itself uses ${CONTROLS.join(', ')}.`,
      { types: CONTROLS },
    )
  }
  return dataText(data)
}

/** The text of `data` in its event. Throws `PublishRefusal`. */
export function dataText(data: unknown): string {
  const text = jsonOf(data)
  if (text === undefined) throw new PublishRefusal('bad-data', 'Send data that JSON can hold.')
  if (text.length > DATA_MAX_BYTES || Buffer.byteLength(text) > DATA_MAX_BYTES) {
    throw new PublishRefusal('data-too-large', `Send at most ${DATA_MAX_BYTES} bytes of data.`, {
      maxBytes: DATA_MAX_BYTES,
    })
  }
  return text
}

function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data)
  } catch (error) {
    // JSON.parse takes any depth, but JSON.stringify is recursive.
    if (error instanceof RangeError) throw new PublishRefusal('bad-data', 'Nest data less deeply.')
    throw error
  }
}

function mintEpoch(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 10 }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}
