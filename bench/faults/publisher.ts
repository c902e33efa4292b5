import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerBook } from './ledger-book.ts'
import { hashOf, payload } from './payload.ts'

/** Puts an event into a log; resolves to its cursor, or to `null` if nobody knows whether it is in. */
export type Append = (data: unknown) => Promise<string | null>

/** Publishes, and notes in the ledger what it meant to publish and what was acknowledged. */
export interface Publisher {
  /** The cursor that was acknowledged last; empty before the first. */
  readonly top: string
  /** Publishes so many events, one after the other. */
  publish(count: number, bytes?: number): Promise<void>
  /** Publishes one every so often until the returned function is called, which resolves once it has stopped. */
  every(intervalMs: number, bytes?: number): () => Promise<void>
}

/** `numbers` is shared by all publishers of one ledger. */
export function createPublisher(book: LedgerBook, append: Append, numbers: { next: number }): Publisher {
  let top = ''
  return {
    get top() {
      return top
    },
    publish,
    every,
  }

  async function publish(count: number, bytes?: number): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      const data = payload(numbers.next++, bytes)
      const acknowledge = book.publishing(data.n, hashOf(data))
      const cursor = await append(data)
      if (cursor === null) continue
      acknowledge(cursor)
      top = cursor
    }
  }

  /** On an absolute schedule: an event that came late does not put off the next. */
  function every(intervalMs: number, bytes?: number): () => Promise<void> {
    let stopped = false
    const running = (async () => {
      for (let dueMs = performance.now(); !stopped; dueMs += intervalMs) {
        await delay(Math.max(0, dueMs - performance.now()))
        if (!stopped) await publish(1, bytes)
      }
    })()
    return async () => {
      stopped = true
      await running
    }
  }
}
