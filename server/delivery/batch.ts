import type { EventLog, Slice } from '../log/event-log.ts'
import { createMemo } from '../memo.ts'
import { BATCH_MAX_BYTES, BATCH_MAX_EVENTS, formatCursor } from '../protocol/wire.ts'
import { cursorOf, etag, readPlace } from '../techniques/technique.ts'

/** The answer of both polls, encoded. */
export interface EncodedBatch {
  /** The cursor that was asked with is the newest: no event, no gap. Who asked without one has learnt one. */
  readonly nothingNew: boolean
  /** The reader's place after it. */
  readonly etag: string
  /** The head of its answer: names and values in turn, as `writeHead` takes them. */
  readonly head: string[]
  /** The same of a 304, which leaves out what describes a body. */
  readonly unchangedHead: string[]
  readonly body: Buffer
  readonly events: number
  /** UTF-8 bytes of the event texts in `body`. */
  readonly payloadBytes: number
}

/** Looks at the log, which is to look at the clock as well; what comes of it holds for this turn of the event loop. */
export type Batches = () => BatchOf

/** What a reader who asks with this text, or without one, gets. Throws the `bad-cursor` refusal. */
export type BatchOf = (asked: string | undefined) => EncodedBatch

/** What is remembered between two events: readers who stand at as many places as they like share this much. */
const KEPT = {
  count: 64,
  bytes: 4 * 1024 * 1024,
  bytesOf: (_asked: string | undefined, { body }: EncodedBatch) => body.length,
}

/**
 * Reads each question and makes its batch once: a thousand readers who stand at the same cursor ask with the same
 * text and share one body. What is kept ends when the log grows or is trimmed, and is bounded.
 */
export function createBatches(log: EventLog, cacheControl: string): Batches {
  const made = createMemo(make, KEPT)
  let madeAtTop = -1
  let madeAtOldest = -1

  return () => {
    const { top, oldest } = log
    if (madeAtTop !== top || madeAtOldest !== oldest) {
      made.forget()
      madeAtTop = top
      madeAtOldest = oldest
    }
    return made.of
  }

  function make(asked: string | undefined): EncodedBatch {
    const place = readPlace(asked)
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
  const cursor = `"cursor":"${formatCursor(slice.cursor)}"`
  const events = `"events":[${slice.entries.map(entry => entry.text).join(',')}]`
  const gap = slice.gap === null ? '' : `,"gap":${JSON.stringify(slice.gap)}`
  const more = slice.more ? ',"more":true' : ''
  const body = Buffer.from(`{${cursor},${events}${gap}${more}}`)
  const tag = etag(slice.cursor)
  const unchangedHead = ['cache-control', cacheControl, 'etag', tag]
  const type = 'application/json; charset=utf-8'
  return {
    nothingNew,
    etag: tag,
    head: [...unchangedHead, 'content-type', type, 'content-length', String(body.length)],
    unchangedHead,
    body,
    events: slice.entries.length,
    payloadBytes: slice.entries.reduce((sum, entry) => sum + entry.bytes, 0),
  }
}
