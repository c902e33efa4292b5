import type { EventLog, Slice } from '../event-log.ts'
import { BATCH_MAX_BYTES, BATCH_MAX_EVENTS, type Cursor, formatCursor } from '../protocol.ts'

/** The answer of both polls, encoded. */
export interface EncodedBatch {
  readonly cursor: Cursor
  readonly body: Buffer
  readonly events: number
  /** UTF-8 bytes of the event texts in `body`. */
  readonly payloadBytes: number
  /** Nothing is in it: no event, no gap. */
  readonly empty: boolean
}

/**
 * Makes each batch once: a thousand readers who stand at the same cursor share one body. What is kept ends with the
 * turn in which the log grows, and is bounded by the number of places that readers ask from meanwhile.
 */
export function createBatches(log: EventLog): (cursor: Cursor) => EncodedBatch {
  const made = new Map<string, EncodedBatch>()
  let madeAtTop = -1
  let madeAtOldest = -1

  return cursor => {
    if (madeAtTop !== log.top || madeAtOldest !== log.oldest || made.size >= PLACES_KEPT) made.clear()
    madeAtTop = log.top
    madeAtOldest = log.oldest
    const place = formatCursor(cursor)
    let batch = made.get(place)
    if (batch === undefined) {
      batch = encode(
        log.since(cursor, { maxEvents: BATCH_MAX_EVENTS, maxBytes: BATCH_MAX_BYTES, overheadBytes: 1 }),
      )
      made.set(place, batch)
    }
    return batch
  }
}

const PLACES_KEPT = 64

function encode(slice: Slice): EncodedBatch {
  const cursor = `"cursor":"${formatCursor(slice.cursor)}"`
  const events = `"events":[${slice.entries.map(entry => entry.text).join(',')}]`
  const gap = slice.gap === null ? '' : `,"gap":${JSON.stringify(slice.gap)}`
  const more = slice.more ? ',"more":true' : ''
  return {
    cursor: slice.cursor,
    body: Buffer.from(`{${cursor},${events}${gap}${more}}`),
    events: slice.entries.length,
    payloadBytes: slice.entries.reduce((sum, entry) => sum + entry.bytes, 0),
    empty: slice.entries.length === 0 && slice.gap === null,
  }
}
