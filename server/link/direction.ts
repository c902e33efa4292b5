import type { Socket } from 'node:net'
import type { LinkConditions } from '../protocol/api.ts'

/** How a sender ends: it has sent everything, or it reset the connection. */
export type Ending = 'fin' | 'reset'

/** One direction of a proxied connection: bytes from `from` arrive at `to` later, in the same order. */
export interface Direction {
  push(bytes: Buffer): void
  /** The sender has ended. The ending arrives after the chunks in transit. */
  end(ending: Ending): void
  /** The conditions have changed: reschedules the chunks in transit. */
  changed(): void
  /** Drops the chunks in transit and everything that `from` still sends. */
  close(): void
}

export interface DirectionOptions {
  readonly from: Socket
  readonly to: Socket
  readonly conditions: () => LinkConditions
  /** `performance.now()` before which nothing is sent. */
  readonly openAtMs: number
  /** Whether `bytesPerSecond` applies in this direction. */
  readonly rated: boolean
  readonly arrive: (bytes: Buffer) => void
  readonly arriveEnding: (ending: Ending) => void
}

/** The most bytes in transit in one direction. Then the sender is paused, as if TCP's window were full. */
export const IN_TRANSIT_MAX_BYTES = 256 * 1024
export const SLICE_EVERY_MS = 5
/** `bytesPerSecond` lets the bytes of so much time through at once, because timers are no finer than that. */
export const RATE_STEP_MS = 10

/** Bytes that were sent together. `jitter`, from -1 to 1, is drawn once for each chunk. */
interface Chunk {
  bytes: Buffer
  readonly ending: Ending | null
  readonly sentAtMs: number
  readonly jitter: number
}

/**
 * Opens a direction. The conditions are read when a chunk is due and not when it was sent, so that a change also affects
 * chunks in transit. Only the first chunk of the queue is ever moved, so nothing overtakes.
 */
export function openDirection({
  from,
  to,
  conditions,
  openAtMs,
  rated,
  arrive,
  arriveEnding,
}: DirectionOptions): Direction {
  const chunks: Chunk[] = []
  let inTransitBytes = 0
  /** When the next slice may be sent. */
  let freeAtMs = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false

  to.on('drain', move)
  return {
    push: bytes => send(bytes, null),
    end: ending => send(EMPTY, ending),
    changed: move,
    close,
  }

  function send(bytes: Buffer, ending: Ending | null): void {
    if (closed) return
    const sentAtMs = Math.max(performance.now(), openAtMs)
    chunks.push({ bytes, ending, sentAtMs, jitter: Math.random() * 2 - 1 })
    inTransitBytes += bytes.length
    // Otherwise the timer is set for a chunk further ahead.
    if (chunks.length === 1) move()
    else holdBack()
  }

  function move(): void {
    clearTimeout(timer)
    while (canMove()) {
      const chunk = chunks[0]
      if (chunk === undefined) break
      const nowMs = performance.now()
      const dueAtMs = dueAt(chunk)
      const waitMs = Math.max(dueAtMs, freeAtMs) - nowMs
      if (waitMs > 0) {
        timer = setTimeout(move, Math.ceil(waitMs))
        break
      }
      if (chunk.ending === null) arrive(nextSlice(chunk, dueAtMs, nowMs))
      else {
        close()
        arriveEnding(chunk.ending)
      }
    }
    holdBack()
  }

  /** A reset does not wait for a receiver that does not read. */
  function canMove(): boolean {
    if (closed || conditions().blackhole === true) return false
    return !to.writableNeedDrain || chunks.at(-1)?.ending === 'reset'
  }

  function dueAt({ sentAtMs, jitter }: Chunk): number {
    const { delayMs = 0, jitterMs = 0 } = conditions()
    return sentAtMs + Math.max(0, delayMs + jitter * jitterMs)
  }

  /** Takes what may be sent at once off the chunk, and notes when the next slice may follow. */
  function nextSlice(chunk: Chunk, dueAtMs: number, nowMs: number): Buffer {
    const { sliceBytes = Infinity, bytesPerSecond = Infinity } = conditions()
    const bytesPerMs = rated ? bytesPerSecond / 1000 : Infinity
    const slice = chunk.bytes.subarray(0, Math.min(sliceBytes, Math.ceil(bytesPerMs * RATE_STEP_MS)))
    chunk.bytes = chunk.bytes.subarray(slice.length)
    if (chunk.bytes.length === 0) chunks.shift()
    inTransitBytes -= slice.length
    // From when it was due and not from now, so that a late timer does not lower the rate. Slices must not catch up like
    // that, because two at once would be one.
    freeAtMs = Math.max(freeAtMs, dueAtMs) + slice.length / bytesPerMs
    if (sliceBytes < Infinity) freeAtMs = Math.max(freeAtMs, nowMs + SLICE_EVERY_MS)
    return slice
  }

  function holdBack(): void {
    if (inTransitBytes >= IN_TRANSIT_MAX_BYTES) from.pause()
    else if (from.isPaused()) from.resume()
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
    chunks.length = 0
    inTransitBytes = 0
    to.off('drain', move)
    holdBack()
  }
}

const EMPTY = Buffer.alloc(0)
