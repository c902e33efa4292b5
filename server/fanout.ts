import type { Entry, EventLog } from './event-log.ts'
import type { Booking } from './meter.ts'
import type { Policy } from './policy.ts'
import { type Bye, type Cursor, formatCursor, type Gap, type Hello } from './protocol.ts'
import type { Sink } from './sink.ts'
import { sweep } from './sweep.ts'
import { cursorOf, type Place } from './technique.ts'

/** How a stream technique wraps what it carries. Each of these makes bytes that are ready for the sink. */
export interface Envelope {
  /** Bytes around one event, at most. */
  readonly overheadBytes: number
  hello(hello: Hello): Uint8Array
  events(epoch: string, entries: readonly Entry[]): Uint8Array
  /** `cursor` is the place just before the next event. */
  gap(gap: Gap, cursor: Cursor): Uint8Array
  heartbeat(top: number): Uint8Array
  bye(bye: Bye): Uint8Array
}

/** A reader of a stream: a cursor and a sink, not a queue. */
export interface Reader {
  readonly sink: Sink
  readonly booking: Booking
  /** It does not read: its writes stayed undrained for too long. */
  cut(): void
  /** The server is going; the bye has been written. */
  end(): void
}

export interface Fanout {
  readonly size: number
  /** Says hello and lets the reader follow from its place on. Returns what ends it. */
  follow(reader: Reader, place: Place): () => void
  /** Says bye to everybody and ends their streams. */
  drain(bye: () => Bye): void
  /** Lets go of the log and the timer. */
  close(): void
}

/** A follower's state; a class, because there is one for each of ten thousand connections. */
class Follower {
  readonly reader: Reader
  /** Everything up to this event of the log has been handed over. */
  seq: number
  /** Since when it is silent, or, while its sink is not writable, since when a write waits to drain. */
  lastWriteMs: number

  constructor(reader: Reader, seq: number, nowMs: number) {
    this.reader = reader
    this.seq = seq
    this.lastWriteMs = nowMs
  }
}

/** The encoded events from one place to another: the same for every follower that stands there. */
interface Chunk {
  readonly bytes: Uint8Array
  readonly gap: Uint8Array | null
  readonly to: number
  readonly events: number
  readonly payloadBytes: number
}

const CHUNKS_KEPT = 64

/**
 * The one mechanism behind all streams. When the log grows, each follower that can be written to is handed the bytes
 * since its cursor; one that cannot is left alone until it has drained, and is then handed everything since its cursor.
 * Replay that turns live without a seam, bounded memory with slow readers, a declared gap for one who falls out of the
 * window, and fewer, larger writes under load all follow from this loop.
 */
export function createFanout(
  log: EventLog,
  envelope: Envelope,
  policy: Policy,
  monotonicMs: () => number,
): Fanout {
  const followers = new Set<Follower>()
  const chunks = new Map<number, Chunk>()
  let chunksTop = 0
  let coalescing: NodeJS.Timeout | null = null
  const unfollow = log.follow(policy.coalesceMs > 0 ? coalesce : turn)
  const unsweep = sweep(policy.sweepMs, monotonicMs, look)

  return {
    get size() {
      return followers.size
    },
    follow,
    drain,
    close,
  }

  function follow(reader: Reader, place: Place): () => void {
    const asked = cursorOf(place, log)
    const { gap, from } = log.since(asked, { maxEvents: 0, maxBytes: 0, overheadBytes: 0 })
    const follower = new Follower(reader, from.seq, monotonicMs())
    reader.sink.onDrain(() => hand(follower))
    reader.sink.write(envelope.hello(greeting(asked)))
    if (gap !== null) reader.sink.write(envelope.gap(gap, from))
    followers.add(follower)
    hand(follower)
    return () => followers.delete(follower)
  }

  /** Hands over what the log has after the follower's cursor, one write's worth, if its sink can take it. */
  function hand(follower: Follower): void {
    const { sink, booking } = follower.reader
    if (follower.seq === log.top || !sink.writable || !followers.has(follower)) return
    const chunk = chunkAfter(follower.seq)
    follower.seq = chunk.to
    follower.lastWriteMs = monotonicMs()
    if (chunk.gap !== null) sink.write(chunk.gap)
    booking.deliver(chunk.events, chunk.payloadBytes)
    sink.write(chunk.bytes)
    if (chunk.to < log.top && sink.writable) setImmediate(hand, follower)
  }

  function chunkAfter(seq: number): Chunk {
    if (chunksTop !== log.top || chunks.size >= CHUNKS_KEPT) chunks.clear()
    chunksTop = log.top
    let chunk = chunks.get(seq)
    if (chunk === undefined) {
      chunk = encode(seq)
      chunks.set(seq, chunk)
    }
    return chunk
  }

  function encode(seq: number): Chunk {
    const slice = log.since(
      { epoch: log.epoch, seq },
      {
        maxEvents: Number.POSITIVE_INFINITY,
        maxBytes: policy.writeBytes,
        overheadBytes: envelope.overheadBytes,
      },
    )
    return {
      bytes: envelope.events(log.epoch, slice.entries),
      gap: slice.gap === null ? null : envelope.gap(slice.gap, slice.from),
      to: slice.cursor.seq,
      events: slice.entries.length,
      payloadBytes: slice.entries.reduce((sum, entry) => sum + entry.bytes, 0),
    }
  }

  function greeting(asked: Cursor): Hello {
    return {
      epoch: log.epoch,
      cursor: formatCursor(asked),
      oldest: log.oldest,
      top: log.top,
      heartbeatMs: policy.heartbeatMs,
    }
  }

  function turn(): void {
    for (const follower of followers) hand(follower)
  }

  function coalesce(): void {
    coalescing ??= setTimeout(() => {
      coalescing = null
      turn()
    }, policy.coalesceMs)
  }

  /** Looks after silence, and after readers who do not read. */
  function look(nowMs: number, late: boolean): void {
    const heartbeat = envelope.heartbeat(log.top)
    for (const follower of followers) {
      const silentMs = nowMs - follower.lastWriteMs
      if (follower.reader.sink.writable) {
        if (silentMs >= policy.heartbeatMs) beat(follower, heartbeat, nowMs)
      } else if (silentMs >= policy.undrainedMs && !late) {
        followers.delete(follower)
        follower.reader.cut()
      }
    }
  }

  function beat(follower: Follower, heartbeat: Uint8Array, nowMs: number): void {
    follower.lastWriteMs = nowMs
    follower.reader.sink.write(heartbeat)
  }

  function drain(bye: () => Bye): void {
    for (const { reader } of followers) {
      reader.sink.write(envelope.bye(bye()))
      reader.end()
    }
    followers.clear()
  }

  function close(): void {
    unfollow()
    unsweep()
    if (coalescing !== null) clearTimeout(coalescing)
  }
}
