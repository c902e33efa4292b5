import { checkEvery } from '../check-every.ts'
import type { ByteAccount, Delivered } from '../gate/meter.ts'
import type { Entry, EventLog } from '../log/event-log.ts'
import type { Policy } from '../policy.ts'
import { type Bye, type Cursor, formatCursor, type Gap, type Hello } from '../protocol/wire.ts'
import { cursorOf, type Place } from '../techniques/technique.ts'
import type { Sink } from './sink.ts'

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
  readonly account: Pick<ByteAccount, 'stream'>
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

/**
 * A follower's state. A class, because there is one for each of ten thousand connections; and all that a delivery
 * touches of it stands in it, because with that many each further object is a miss of the processor's cache.
 */
class Follower implements Delivered {
  readonly sink: Sink
  readonly reader: Reader
  /** Everything up to this event of the log has been handed over. */
  seq: number
  /** Since when it is silent, or, while its sink is not writable, since when a write waits to drain. */
  lastWriteMs: number
  events = 0
  payloadBytes = 0

  constructor(reader: Reader, seq: number, nowMs: number) {
    this.sink = reader.sink
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
  const stopChecking = checkEvery(policy.checkEveryMs, monotonicMs, look)

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
    reader.account.stream(follower)
    reader.sink.onDrain(() => resume(follower))
    reader.sink.write(envelope.hello(greeting(asked)))
    if (gap !== null) reader.sink.write(envelope.gap(gap, from))
    followers.add(follower)
    resume(follower)
    return () => followers.delete(follower)
  }

  function resume(follower: Follower): void {
    if (followers.has(follower)) hand(follower, log.top, monotonicMs())
  }

  /** Hands over what the log has after the follower's cursor, one write's worth, if its sink can take it. */
  function hand(follower: Follower, top: number, nowMs: number): void {
    const { sink } = follower
    if (follower.seq === top || !sink.writable) return
    const chunk = chunkAfter(follower.seq, top)
    follower.seq = chunk.to
    follower.lastWriteMs = nowMs
    follower.events += chunk.events
    follower.payloadBytes += chunk.payloadBytes
    if (chunk.gap !== null) sink.write(chunk.gap)
    sink.write(chunk.bytes)
    if (chunk.to < top && sink.writable) setImmediate(resume, follower)
  }

  function chunkAfter(seq: number, top: number): Chunk {
    if (chunksTop !== top || chunks.size >= CHUNKS_KEPT) chunks.clear()
    chunksTop = top
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
    const { top } = log
    const nowMs = monotonicMs()
    for (const follower of followers) hand(follower, top, nowMs)
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
      if (follower.sink.writable) {
        if (silentMs >= policy.heartbeatMs) beat(follower, heartbeat, nowMs)
      } else if (silentMs >= policy.undrainedMs && !late) {
        followers.delete(follower)
        follower.reader.cut()
      }
    }
  }

  function beat(follower: Follower, heartbeat: Uint8Array, nowMs: number): void {
    follower.lastWriteMs = nowMs
    follower.sink.write(heartbeat)
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
    stopChecking()
    if (coalescing !== null) clearTimeout(coalescing)
  }
}
