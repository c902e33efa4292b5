import { Refusal } from '../refusal.ts'

/**
 * Publishes once for each key, however often the request is repeated. The same key and body get the first cursor again,
 * another body gets a 409 refusal. Keys are remembered for a limited time and number; the oldest is forgotten first.
 */
export type Once = (key: string, body: string, publish: () => Promise<string>) => Promise<string>

/** A key and the digest of its body take 200 characters at most, however long the body was. */
export const KEYS_KEPT = 10_000
export const KEY_KEPT_MS = 120_000

export function createOnce(monotonicMs: () => number): Once {
  const published = new Map<string, { body: string; cursor: Promise<string>; atMs: number }>()

  return async (key, body, publish) => {
    forgetOld()
    const before = published.get(key)
    if (before === undefined) {
      // Only for a new key: the oldest key may be the one that is repeated now.
      forgetDownTo(KEYS_KEPT - 1)
      const cursor = publish()
      published.set(key, { body, cursor, atMs: monotonicMs() })
      // A refused event was not published, so the key is free again.
      cursor.catch(() => published.delete(key))
      return cursor
    }
    if (before.body !== body) {
      throw new Refusal(409, 'key-used', 'Use another Idempotency-Key: this one published another event.')
    }
    return before.cursor
  }

  function forgetOld(): void {
    const oldestMs = monotonicMs() - KEY_KEPT_MS
    for (const [key, { atMs }] of published) {
      if (atMs > oldestMs) return
      published.delete(key)
    }
  }

  function forgetDownTo(count: number): void {
    for (const key of published.keys()) {
      if (published.size <= count) return
      published.delete(key)
    }
  }
}
