import type { EventLog, Slice } from '../event-log.ts'
import { BATCH_MAX_BYTES, BATCH_MAX_EVENTS, type Cursor, formatCursor } from '../protocol.ts'
import { etag, samePlace } from '../technique.ts'

/** The answer of both polls, encoded. */
export interface EncodedBatch {
  /** The reader's place before it. */
  readonly asked: Cursor
  /** And after it. */
  readonly cursor: Cursor
  /** The head of its answer: names and values in turn, as `writeHead` takes them. */
  readonly head: string[]
  readonly body: Buffer
  readonly events: number
  /** UTF-8 bytes of the event texts in `body`. */
  readonly payloadBytes: number
  /** Nothing is in it: no event, no gap. */
  readonly empty: boolean
}

/** How many places are remembered between two events. */
const PLACES_KEPT = 64

/**
 * Makes each batch once: a thousand readers who stand at the same cursor share one body. What is kept ends with the
 * turn in which the log grows or is trimmed, and is bounded by a number of places.
 */
export function createBatches(log: EventLog, cacheControl: string): (cursor: Cursor) => EncodedBatch {
  const made = new Map<string, EncodedBatch>()
  let last: EncodedBatch | null = null
  let madeAtTop = -1
  let madeAtOldest = -1

  return cursor => {
    const { top, oldest } = log
    if (madeAtTop !== top || madeAtOldest !== oldest) {
      made.clear()
      last = null
      madeAtTop = top
      madeAtOldest = oldest
    }
    // Most readers stand where the one before stood.
    if (last === null || !samePlace(last.asked, cursor)) last = remembered(cursor)
    return last
  }

  function remembered(cursor: Cursor): EncodedBatch {
    const place = formatCursor(cursor)
    const known = made.get(place)
    if (known !== undefined) return known
    if (made.size >= PLACES_KEPT) made.clear()
    const portion = { maxEvents: BATCH_MAX_EVENTS, maxBytes: BATCH_MAX_BYTES, overheadBytes: 1 }
    const batch = encode(cursor, log.since(cursor, portion), cacheControl)
    made.set(place, batch)
    return batch
  }
}

function encode(asked: Cursor, slice: Slice, cacheControl: string): EncodedBatch {
  const cursor = `"cursor":"${formatCursor(slice.cursor)}"`
  const events = `"events":[${slice.entries.map(entry => entry.text).join(',')}]`
  const gap = slice.gap === null ? '' : `,"gap":${JSON.stringify(slice.gap)}`
  const more = slice.more ? ',"more":true' : ''
  const body = Buffer.from(`{${cursor},${events}${gap}${more}}`)
  const head = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': cacheControl,
    etag: etag(slice.cursor),
    'content-length': String(body.length),
  }
  return {
    asked,
    cursor: slice.cursor,
    head: Object.entries(head).flat(),
    body,
    events: slice.entries.length,
    payloadBytes: slice.entries.reduce((sum, entry) => sum + entry.bytes, 0),
    empty: slice.entries.length === 0 && slice.gap === null,
  }
}
