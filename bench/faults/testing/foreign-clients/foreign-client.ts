import {
  isHeld,
  type Technique,
  type TechniqueTraits,
  traitsOf,
} from '../../../../server/protocol/techniques.ts'
import { type Batch, formatCursor, type Gap, parseCursor } from '../../../../server/protocol/wire.ts'
import type { AccountWriter } from '../../ledger.ts'
import { hashOf, numberIn } from '../../publisher.ts'

/** A client that is not part of this project, and how it is started. */
export interface ForeignClient {
  readonly name: string
  /** What to do if it is not installed; `null` if it is. */
  readonly missing: string | null
  /** Starts to read, and resolves to what ends it. */
  read(options: ReadOptions): Promise<() => unknown> | (() => unknown)
}

export interface ReadOptions {
  /** The server's second port: every request goes through the link. */
  readonly origin: string
  /** The cursor to start with. From there the client resumes by its own means. */
  readonly cursor: string
  /**
   * Takes what the client received, as one JSON value: a batch of a poll; a frame of a WebSocket or a line of NDJSON;
   * `{"id","event","data"}` for an event of an event stream; or `{"cut":why}` when it notices that a connection is lost.
   */
  report(line: string): void
}

/** How a client that can read more than one technique reads this one. */
export interface ReadingMethod {
  /** The media type of the answers, or `frames` of a WebSocket. */
  readonly format: Format
  /** To which the cursor is appended, except for an event stream: that takes it as `Last-Event-ID`. */
  readonly path: string
  /** Between an answer and the next request. */
  readonly pauseMs: number
}

export type Format = NonNullable<TechniqueTraits['mediaType']> | 'frames'

export function readingMethod(technique: Technique, pollIntervalMs: number): ReadingMethod {
  const { endpoint, mediaType, requests } = traitsOf(technique)
  const query = isHeld(technique) ? '?wait=5&cursor=' : '?cursor='
  return {
    format: mediaType ?? 'frames',
    path: mediaType === 'text/event-stream' ? endpoint : endpoint + query,
    pauseMs: requests === 'at-intervals' ? pollIntervalMs : 0,
  }
}

/** What a client received: counted, and recorded in the ledger. */
export interface ClientRecord {
  readonly events: number
  readonly cuts: readonly string[]
  /** The number of the last event. */
  readonly seq: number
  report(line: string): void
}

interface EventText {
  readonly seq: number
  readonly data: unknown
}
type Frame = EventText | { readonly control: string; readonly cursor?: string }
type Message = { readonly id: string; readonly event: string; readonly data: unknown }

export function createClientRecord(account: AccountWriter): ClientRecord {
  const cuts: string[] = []
  let events = 0
  let seq = 0
  let epoch = ''

  return {
    get events() {
      return events
    },
    cuts,
    get seq() {
      return seq
    },
    report,
  }

  function report(line: string): void {
    const value = JSON.parse(line) as { cut: string } | Batch | Frame | Message
    if ('cut' in value) cuts.push(value.cut)
    else if ('events' in value) takeBatch(value)
    else if ('event' in value) takeMessage(value)
    else takeFrame(value)
  }

  function takeBatch({ cursor, events: batch, gap }: Batch): void {
    if (gap !== undefined) recordGap(cursor, gap)
    for (const event of batch) recordEvent(cursorAt(epochOf(cursor), event.seq), event)
  }

  function takeMessage({ id, event, data }: Message): void {
    if (event === 'gap') recordGap(id, data as Gap)
    else if (event === 'message') recordEvent(id, data as EventText)
  }

  function takeFrame(frame: Frame): void {
    if ('seq' in frame) {
      recordEvent(cursorAt(epoch, frame.seq), frame)
      return
    }
    if (frame.cursor !== undefined) epoch = epochOf(frame.cursor)
    if (frame.control === 'gap') recordGap(frame.cursor ?? '', frame as unknown as Gap)
  }

  /** `cursor` is the client's own: the ledger compares it with what was published there. */
  function recordEvent(cursor: string, event: EventText): void {
    events += 1
    seq = event.seq
    account.event(cuts.length, cursor, numberIn(event.data), hashOf(event.data))
  }

  function recordGap(cursor: string, gap: Gap): void {
    account.gap(cuts.length, cursor, gap)
  }
}

function epochOf(cursor: string): string {
  return parseCursor(cursor)?.epoch ?? ''
}

function cursorAt(epoch: string, seq: number): string {
  return formatCursor({ epoch, seq })
}
