import type { Socket } from 'node:net'
import type { LinkConditions } from '../protocol/api.ts'

/** How a sender ends: it has said everything, or it is gone. */
export type Ending = 'fin' | 'reset'

/** One direction of one connection: what goes in at `from` arrives at `to` in the same order, later. */
export interface Direction {
  push(bytes: Buffer): void
  /** Nothing comes after this. It travels behind what is under way. */
  end(ending: Ending): void
  /** The conditions have changed: looks again at what is under way. */
  changed(): void
  /** Forgets what is under way; whatever `from` still sends is thrown away. */
  close(): void
}

export interface DirectionOptions {
  readonly from: Socket
  readonly to: Socket
  readonly conditions: () => LinkConditions
  /** `performance.now()` before which nothing sets out. */
  readonly openAtMs: number
  /** Whether `bytesPerSecond` holds in this direction. */
  readonly rated: boolean
  readonly arrive: (bytes: Buffer) => void
  readonly arriveEnding: (ending: Ending) => void
}

/** The most that is under way in one direction. Then the sender is not read from, as if TCP's window were full. */
export const UNDER_WAY_MAX_BYTES = 256 * 1024
export const SLICE_EVERY_MS = 5
/** What `bytesPerSecond` lets through at once is worth so much time: finer than that, timers are not. */
export const RATE_STEP_MS = 10

/** What set out together. `luck`, from -1 to 1, is its draw of the jitter. */
interface Chunk {
  bytes: Buffer
  readonly ending: Ending | null
  readonly sentAtMs: number
  readonly luck: number
}

/**
 * Opens one way. The conditions are looked up when a chunk is due and not when it sets out, so that a change is felt
 * by what is already under way, too. Only the first chunk in the queue is ever looked at: nothing overtakes.
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
  let underWayBytes = 0
  /** When the line is free for the next slice. */
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
    chunks.push({ bytes, ending, sentAtMs, luck: Math.random() * 2 - 1 })
    underWayBytes += bytes.length
    // The timer is armed for a chunk further ahead.
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
      if (chunk.ending === null) arrive(nextPiece(chunk, dueAtMs, nowMs))
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

  function dueAt({ sentAtMs, luck }: Chunk): number {
    const { delayMs = 0, jitterMs = 0 } = conditions()
    return sentAtMs + Math.max(0, delayMs + luck * jitterMs)
  }

  /** Takes what may go at once off the chunk, and says until when that keeps the line busy. */
  function nextPiece(chunk: Chunk, dueAtMs: number, nowMs: number): Buffer {
    const { sliceBytes = Infinity, bytesPerSecond = Infinity } = conditions()
    const bytesPerMs = rated ? bytesPerSecond / 1000 : Infinity
    const piece = chunk.bytes.subarray(0, Math.min(sliceBytes, Math.ceil(bytesPerMs * RATE_STEP_MS)))
    chunk.bytes = chunk.bytes.subarray(piece.length)
    if (chunk.bytes.length === 0) chunks.shift()
    underWayBytes -= piece.length
    // From when it was due, not from now: a timer that comes late must not slow the line down. Slices may not catch
    // up like that, since two at once would be one.
    freeAtMs = Math.max(freeAtMs, dueAtMs) + piece.length / bytesPerMs
    if (sliceBytes < Infinity) freeAtMs = Math.max(freeAtMs, nowMs + SLICE_EVERY_MS)
    return piece
  }

  function holdBack(): void {
    if (underWayBytes >= UNDER_WAY_MAX_BYTES) from.pause()
    else if (from.isPaused()) from.resume()
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
    chunks.length = 0
    underWayBytes = 0
    to.off('drain', move)
    holdBack()
  }
}

const EMPTY = Buffer.alloc(0)
