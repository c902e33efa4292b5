import { checkEvery } from '../check-every.ts'
import type { ByteAccount, Delivered } from '../gate/meter.ts'
import type { Entry, EventLog } from '../log/event-log.ts'
import { cursorOf, type Place } from '../log/place.ts'
import { createMemo } from '../memo.ts'
import { drawRetryMs, type Policy } from '../policy.ts'
import { type Bye, type Cursor, formatCursor, type Gap, type Hello } from '../protocol/wire.ts'
import type { Sink } from './sink.ts'

/** How a technique encodes what its streams carry. Each method returns bytes that are ready for the sink. */
export interface Envelope {
  /** The most bytes that it adds to one event. */
  readonly overheadBytes: number
  hello(hello: Hello): Uint8Array
  events(epoch: string, entries: readonly Entry[]): Uint8Array
  /** `cursor` is just before the next event. */
  gap(gap: Gap, cursor: Cursor): Uint8Array
  heartbeat(top: number): Uint8Array
  bye(bye: Bye): Uint8Array
}

/** The connection of one follower. */
export interface Connection {
  readonly sink: Sink
  readonly account: Pick<ByteAccount, 'stream'>
  /** Closes it because its writes stayed undrained for too long: the client does not read. */
  cut(): void
  /** Closes it because the server is closing; the bye has been written. */
  end(): void
}

export interface Fanout {
  readonly size: number
  /** Sends hello, then everything from `place` on. Returns a function that stops it. */
  follow(connection: Connection, place: Place): () => void
  /** Sends every follower its bye and ends its connection. */
  drain(): void
  /** Lets go of the log and the timer. */
  close(): void
}

/**
 * A follower is a cursor and a connection, not a queue. It is a class because there may be ten thousand of them, and it
 * holds everything that a delivery touches because at that number each further object costs a cache miss.
 */
class Follower implements Delivered {
  readonly sink: Sink
  readonly connection: Connection
  /** Everything up to this event of the log has been written. */
  seq: number
  /** When the last write was made. While the sink is not writable, that write is the one that waits to drain. */
  lastWriteMs: number
  events = 0
  payloadBytes = 0

  constructor(connection: Connection, seq: number, nowMs: number) {
    this.sink = connection.sink
    this.connection = connection
    this.seq = seq
    this.lastWriteMs = nowMs
  }
}

/** The encoded events after one `seq`: the same for every follower at that `seq`. */
interface Chunk {
  readonly bytes: Uint8Array
  readonly gap: Uint8Array | null
  readonly to: number
  readonly events: number
  readonly payloadBytes: number
}

/** The chunks remembered between two events. */
const KEPT = {
  count: 64,
  bytes: 4 * 1024 * 1024,
  bytesOf: (_seq: number, { bytes }: Chunk) => bytes.length,
}

export const CLOSING_REASON = 'The server is closing.'

/**
 * The one mechanism behind all streams. When the log grows, each follower whose sink is writable is sent the bytes since
 * its cursor. The others wait until their sink has drained, and are then sent everything since their cursor. From this
 * loop alone follow replay and live events without a seam, bounded memory with slow readers, a declared gap for a reader
 * that falls out of the window, and fewer but larger writes under load.
 */
export function createFanout(
  log: EventLog,
  envelope: Envelope,
  policy: Policy,
  monotonicMs: () => number,
): Fanout {
  const followers = new Set<Follower>()
  const chunks = createMemo(encode, KEPT)
  let chunksTop = 0
  let coalescing: NodeJS.Timeout | null = null
  const unfollow = log.follow(policy.coalesceMs > 0 ? coalesce : flushAll)
  const stopChecking = checkEvery(policy.checkEveryMs, monotonicMs, check)

  return {
    get size() {
      return followers.size
    },
    follow,
    drain,
    close,
  }

  function follow(connection: Connection, place: Place): () => void {
    const { sink, account } = connection
    const asked = cursorOf(place, log)
    const { gap, from } = log.since(asked, { maxEvents: 0, maxBytes: 0, overheadBytes: 0 })
    const follower = new Follower(connection, from.seq, monotonicMs())
    account.stream(follower)
    sink.onDrain(() => resume(follower))
    sink.write(envelope.hello(helloAt(asked)))
    if (gap !== null) sink.write(envelope.gap(gap, from))
    followers.add(follower)
    resume(follower)
    return () => followers.delete(follower)
  }

  function resume(follower: Follower): void {
    if (followers.has(follower)) flush(follower, log.top, monotonicMs())
  }

  /** Writes what the log has after the follower's cursor, up to the limit of one write, if its sink is writable. */
  function flush(follower: Follower, top: number, nowMs: number): void {
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
    if (chunksTop !== top) chunks.forget()
    chunksTop = top
    return chunks.of(seq)
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

  function helloAt(asked: Cursor): Hello {
    return {
      epoch: log.epoch,
      cursor: formatCursor(asked),
      oldest: log.oldest,
      top: log.top,
      heartbeatMs: policy.heartbeatMs,
    }
  }

  function flushAll(): void {
    const { top } = log
    const nowMs = monotonicMs()
    for (const follower of followers) flush(follower, top, nowMs)
  }

  function coalesce(): void {
    coalescing ??= setTimeout(() => {
      coalescing = null
      flushAll()
    }, policy.coalesceMs)
  }

  /** Sends heartbeats to silent streams, and cuts those whose client does not read. */
  function check(nowMs: number, late: boolean): void {
    const heartbeat = envelope.heartbeat(log.top)
    for (const follower of followers) {
      const silentMs = nowMs - follower.lastWriteMs
      if (follower.sink.writable) {
        if (silentMs < policy.heartbeatMs) continue
        follower.lastWriteMs = nowMs
        follower.sink.write(heartbeat)
      } else if (silentMs >= policy.undrainedMs && !late) {
        followers.delete(follower)
        follower.connection.cut()
      }
    }
  }

  function drain(): void {
    for (const { connection } of followers) {
      connection.sink.write(envelope.bye({ reason: CLOSING_REASON, retryMs: drawRetryMs(policy) }))
      connection.end()
    }
    followers.clear()
  }

  function close(): void {
    unfollow()
    stopChecking()
    if (coalescing !== null) clearTimeout(coalescing)
  }
}
