import { type Cursor, type CursorWord, parseCursor } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'
import type { EventLog } from './event-log.ts'

/** Where a reader asks to start: a cursor, or one of the two words for one. */
export type Place = Cursor | CursorWord

/** Reads a place from a cursor's text; no text is `now`. Throws the `bad-cursor` refusal. */
export function readPlace(text: string | undefined): Place {
  if (text === undefined || text === 'now') return 'now'
  if (text === 'earliest') return text
  const cursor = parseCursor(text)
  if (cursor !== null) return cursor
  throw BAD_CURSOR
}

/** The cursor that a place stands for at this instant. A cursor stays as it is, even if it is stale. */
export function cursorOf(place: Place, log: EventLog): Cursor {
  if (place === 'now') return { epoch: log.epoch, seq: log.top }
  if (place === 'earliest') return { epoch: log.epoch, seq: log.oldest - 1 }
  return place
}

export const BAD_CURSOR = new Refusal(
  400,
  'bad-cursor',
  'Send one cursor as you received it, or the word now, or earliest, or none.',
)
