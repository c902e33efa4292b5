import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerWriter } from './ledger.ts'

/** Puts an event into a log; resolves to its cursor, or to `null` if no answer came. */
export type Append = (data: unknown) => Promise<string | null>

/** Publishes events, and records in the ledger what it sent and what was acknowledged. */
export interface Publisher {
  /** The cursor that was acknowledged last; empty before the first. */
  readonly top: string
  /** Publishes that many events, one after the other. */
  publish(count: number, payloadBytes?: number): Promise<void>
  /** Publishes one event per interval until the returned function is called, which resolves when it has stopped. */
  every(intervalMs: number, payloadBytes?: number): () => Promise<void>
}

/** What such an event carries: the publisher's own number, and text that is hard to carry. */
export interface Payload {
  readonly n: number
  readonly text: string
}

/** Multi-byte characters, line ends, and words of the envelopes themselves. */
const HARD_TEXT = 'ä😀\r\n\r\nid: 9\ndata: x\n\n\u2028"}],"cursor":'

/** The number of an event that was not published by one of these publishers. */
export const NO_NUMBER = -1

/** All publishers of one ledger share `numbers`. */
export function createPublisher(ledger: LedgerWriter, append: Append, numbers = { next: 1 }): Publisher {
  let top = ''
  return {
    get top() {
      return top
    },
    publish,
    every,
  }

  async function publish(count: number, payloadBytes = 0): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      const payload: Payload = { n: numbers.next++, text: HARD_TEXT.padEnd(payloadBytes, 'x') }
      const acknowledge = ledger.publishing(payload.n, hashOf(payload))
      const cursor = await append(payload)
      if (cursor === null) continue
      acknowledge(cursor)
      top = cursor
    }
  }

  /** The schedule is absolute: a late event does not delay the next. */
  function every(intervalMs: number, payloadBytes?: number): () => Promise<void> {
    let stopped = false
    const running = (async () => {
      for (let dueMs = performance.now(); !stopped; dueMs += intervalMs) {
        await delay(Math.max(0, dueMs - performance.now()))
        if (!stopped) await publish(1, payloadBytes)
      }
    })()
    return async () => {
      stopped = true
      await running
    }
  }
}

/** The publisher's number in the data of an event. */
export function numberIn(data: unknown): number {
  const { n } = (data ?? {}) as { n?: unknown }
  return typeof n === 'number' ? n : NO_NUMBER
}

export function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('base64url').slice(0, 12)
}
