import type { EventLog, Slice } from '../log/event-log.ts'
import { cursorOf, readPlace } from '../log/place.ts'
import { createMemo } from '../memo.ts'
import { BATCH_MAX_BYTES, BATCH_MAX_EVENTS, formatCursor } from '../protocol/wire.ts'

/** The answer of both polls, encoded. */
export interface EncodedBatch {
  /** The reader asked with the newest cursor: there is no event and no gap. False for a reader that had no cursor yet. */
  readonly nothingNew: boolean
  /** The reader's cursor after it, as an `ETag`. */
  readonly etag: string
  /** The head of a 200: names and values in turn, as `writeHead` takes them. */
  readonly head: string[]
  /** The head of a 304, without what describes a body. */
  readonly unchangedHead: string[]
  readonly body: Buffer
  readonly events: number
  /** UTF-8 bytes of the event texts in `body`. */
  readonly payloadBytes: number
}

export interface Batches {
  /** The batch for a reader that asks with this cursor text, or without one. Throws the `bad-cursor` refusal. */
  of(cursorText: string | undefined): EncodedBatch
}

/** The batches remembered between two events. Readers may send any cursor they like and still share this much memory. */
const KEPT = {
  count: 64,
  bytes: 4 * 1024 * 1024,
  bytesOf: (_cursorText: string | undefined, { body }: EncodedBatch) => body.length,
}

/**
 * Makes each batch once: a thousand readers at the same cursor send the same text and share one body. What is remembered
 * is bounded, and is forgotten when the log grows or is trimmed.
 */
export function createBatches(log: EventLog, cacheControl: string): Batches {
  const batches = createMemo(make, KEPT)
  let madeAtTop = -1
  let madeAtOldest = -1

  return { of }

  function of(cursorText: string | undefined): EncodedBatch {
    const { top, oldest } = log
    if (madeAtTop !== top || madeAtOldest !== oldest) {
      batches.forget()
      madeAtTop = top
      madeAtOldest = oldest
    }
    return batches.of(cursorText)
  }

  function make(cursorText: string | undefined): EncodedBatch {
    const place = readPlace(cursorText)
    const cursor = cursorOf(place, log)
    const slice = log.since(cursor, {
      maxEvents: BATCH_MAX_EVENTS,
      maxBytes: BATCH_MAX_BYTES,
      overheadBytes: 1,
    })
    const nothingNew = place === cursor && slice.entries.length === 0 && slice.gap === null
    return encode(slice, nothingNew, cacheControl)
  }
}

function encode(slice: Slice, nothingNew: boolean, cacheControl: string): EncodedBatch {
  const cursor = formatCursor(slice.cursor)
  const events = `"events":[${slice.entries.map(entry => entry.text).join(',')}]`
  const gap = slice.gap === null ? '' : `,"gap":${JSON.stringify(slice.gap)}`
  const more = slice.more ? ',"more":true' : ''
  const body = Buffer.from(`{"cursor":"${cursor}",${events}${gap}${more}}`)
  const etag = `"${cursor}"`
  const unchangedHead = ['cache-control', cacheControl, 'etag', etag]
  const type = 'application/json; charset=utf-8'
  return {
    nothingNew,
    etag,
    head: [...unchangedHead, 'content-type', type, 'content-length', String(body.length)],
    unchangedHead,
    body,
    events: slice.entries.length,
    payloadBytes: slice.entries.reduce((sum, entry) => sum + entry.bytes, 0),
  }
}
